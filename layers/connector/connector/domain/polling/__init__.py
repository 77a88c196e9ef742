"""How far a Visma list has been read, and how fast it may be read."""
