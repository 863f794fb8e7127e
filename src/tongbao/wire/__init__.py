"""Bytes to domain values and back: ISO 8583, the UnionPay terminal dialect, the network dialect, ESC/POS."""
