"""Reads Mosaic documents of partners."""
