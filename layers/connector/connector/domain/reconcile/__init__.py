"""The findings of a reconciliation."""
