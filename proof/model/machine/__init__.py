"""The state machine of `proof/state_machine.py`: who can do what, rule by rule."""
