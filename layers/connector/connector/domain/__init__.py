"""Pure rules of the business: documents, revisions, ledger, cursor, routing. No I/O, no clock, no randomness."""
