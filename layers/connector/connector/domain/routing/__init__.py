"""Resolves the routing file: companies to poll, and the route of a document."""
