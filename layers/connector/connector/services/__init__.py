"""The use cases. Each takes what it needs as ports and knows nothing of Lambda, HTTP or AWS."""
