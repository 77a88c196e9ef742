"""What tries to break the guarantees, and counts how often it tried (`make prove`)."""
