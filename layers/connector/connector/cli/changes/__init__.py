"""`connector changes`."""
