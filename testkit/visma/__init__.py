"""The sandbox Visma.net: a small HTTP server with state that misbehaves on request."""
