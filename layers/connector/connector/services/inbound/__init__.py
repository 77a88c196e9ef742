"""The use cases from Orderful to Visma: receive, collect, record, apply, review."""
