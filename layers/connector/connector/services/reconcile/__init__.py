"""What Visma has, beside the ledger, beside Orderful: read by code that neither the poller nor the tracker uses."""
