"""The laptop stack: MiniStack, the sandbox Visma and the sandbox Orderful."""
