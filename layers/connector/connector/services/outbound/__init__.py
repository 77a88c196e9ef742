"""The use cases from Visma to Orderful: poll, translate, deliver, track."""
