"""Sales order confirmations: a customer's order as our sales order has it, sent to the customer."""
