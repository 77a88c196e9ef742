"""The sandbox Orderful: a stateful HTTP server with fault injection."""
