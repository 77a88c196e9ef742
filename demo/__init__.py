"""The demo: a Nordic food distributor whose documents leave through the real template, queues and functions."""
