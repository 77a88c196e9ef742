"""The composition root: one module per function builds its use case from its settings, once per process.

Nothing is opened at import time, and a function imports only what it uses: cold starts stay short.
"""
