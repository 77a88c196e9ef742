"""Proofs with the deployed laptop stack: the unchanged template, IAM enforced, real processes and sockets."""
