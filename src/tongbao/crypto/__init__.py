"""Ciphers, MACs, check values, PIN blocks, working keys and the key store port."""
