"""Pure translation between Visma documents and EDI transactions. No I/O, no clock, no randomness."""
