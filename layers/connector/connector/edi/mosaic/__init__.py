"""Dialect mosaic: Orderful's v4 documents."""
