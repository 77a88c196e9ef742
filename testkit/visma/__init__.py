"""The sandbox Visma.net: a stateful HTTP server with fault injection."""
