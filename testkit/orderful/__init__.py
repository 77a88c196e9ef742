"""The sandbox Orderful: a small HTTP server with state that misbehaves on request."""
