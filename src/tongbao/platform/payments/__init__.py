"""Payments: intents and what became of them."""
