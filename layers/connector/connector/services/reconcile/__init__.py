"""Compares Visma, the ledger and Orderful, with reading code that neither the poller nor the tracker uses."""
