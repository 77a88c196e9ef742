"""Visma.net ERP behind ports."""
