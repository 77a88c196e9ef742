"""`connector documents`: what the ledger says."""
