"""The cursor of a Visma list, and the budget of calls."""
