"""Orderful behind ports."""
