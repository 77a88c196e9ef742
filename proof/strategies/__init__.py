"""Hypothesis strategies for documents, changes, callbacks and routing files, valid and damaged."""
