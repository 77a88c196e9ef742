"""The parameters of each environment, and the check that `make deploy` runs on them."""
