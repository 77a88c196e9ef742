"""Proofs: tests that try to violate the guarantees, with the number of tries (`make prove`)."""
