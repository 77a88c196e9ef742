"""What an 855 or 865 states of an order, compared with the order that was sent."""
