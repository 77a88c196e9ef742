"""What a reconciliation finds."""
