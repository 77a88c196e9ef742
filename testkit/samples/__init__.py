"""Sample documents, orders, requests and routing."""
