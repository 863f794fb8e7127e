"""Accounts: the people who log in to the console."""
