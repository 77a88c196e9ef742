"""Reads X12-shaped documents of partners."""
