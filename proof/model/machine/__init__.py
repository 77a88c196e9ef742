"""The rules of the state machine in `proof/state_machine.py`."""
