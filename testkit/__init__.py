"""Test doubles: ports in memory, sandbox servers of the vendors, a local AWS stack."""
