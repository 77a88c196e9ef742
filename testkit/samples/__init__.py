"""Documents, orders, requests and routing to try things with."""
