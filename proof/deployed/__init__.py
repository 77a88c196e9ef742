"""Proofs against the deployed laptop stack: the template as it is, IAM enforced, real processes, real sockets."""
