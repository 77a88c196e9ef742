"""What partners ask for with an 860, read from either of Orderful's dialects."""
