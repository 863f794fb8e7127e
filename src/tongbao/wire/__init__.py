"""Bytes to domain values and back: ISO 8583, the UnionPay and network dialects, ESC/POS."""
