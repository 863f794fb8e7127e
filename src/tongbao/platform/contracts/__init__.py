"""Contracts: what was agreed, at which fees, and the proof that it was accepted."""
