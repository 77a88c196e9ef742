"""Writes documents as Mosaic."""
