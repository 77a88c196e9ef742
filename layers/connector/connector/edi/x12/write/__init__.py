"""Writes documents as X12 segments."""
