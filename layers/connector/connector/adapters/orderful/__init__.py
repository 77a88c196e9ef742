"""Adapters for Orderful."""
