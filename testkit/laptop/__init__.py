"""The laptop stack: MiniStack, the sandbox Visma, the sandbox Orderful, the demo."""
