"""Pure business rules: documents, revisions, changes, routing, polling. No I/O, no clock, no randomness."""
