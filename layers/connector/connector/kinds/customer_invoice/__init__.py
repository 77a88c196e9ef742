"""Customer invoices: ours, to a customer; credit and debit notes included."""
