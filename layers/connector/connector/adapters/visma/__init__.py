"""Adapters for Visma.net ERP."""
