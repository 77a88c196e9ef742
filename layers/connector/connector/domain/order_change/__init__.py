"""What a purchase order change (860) means for an order: request, comparison, decision, edits, record."""
