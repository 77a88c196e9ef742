"""`connector config`: check, apply, list and take back the routing file."""
