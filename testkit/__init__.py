"""The imitations: ports in memory, vendors over sockets, AWS on the laptop. For tests, proofs, bench and demo."""
