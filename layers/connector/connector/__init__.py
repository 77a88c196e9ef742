"""The connector: Visma.net ERP documents out through Orderful, purchase order changes back in."""

__version__ = "0.1.0"
"""The one place where the version stands; CHANGELOG.md says what each brought."""
