"""Dialect x12: one tree of segments, printed as Orderful's JSON or as X12 text."""
