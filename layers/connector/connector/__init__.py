"""The connector: Visma.net ERP documents out through Orderful, purchase order changes back in."""
