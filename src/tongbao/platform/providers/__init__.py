"""Ports to other companies: text messages, the bank, name screening, reading of papers."""
