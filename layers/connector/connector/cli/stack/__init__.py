"""The deployed stack that a command works on."""
