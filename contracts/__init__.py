"""The vendors' facts that tests and proofs need; README.md says what they are and where they come from."""
