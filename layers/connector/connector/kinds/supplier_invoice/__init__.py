"""Supplier invoices: of a supplier, to us."""
