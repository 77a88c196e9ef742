"""Purchase orders: ours, to a supplier."""
