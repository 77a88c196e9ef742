"""The operator's side: the `connector` command."""
