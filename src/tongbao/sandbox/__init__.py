"""Everybody else, simulated: the card issuer with its own book, and the drawer of cards."""
