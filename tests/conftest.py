"""What all tests have in common."""

from __future__ import annotations

from hypothesis import settings

# Hypothesis fails an example that takes longer than 200 ms: no verdict here depends on the speed of the machine.
settings.register_profile("connector", settings(), deadline=None)
settings.load_profile("connector")
