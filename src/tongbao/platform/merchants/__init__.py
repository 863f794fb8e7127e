"""Merchants: who is paid."""
