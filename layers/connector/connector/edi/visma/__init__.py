"""Visma's JSON, read into the documents of the domain."""
