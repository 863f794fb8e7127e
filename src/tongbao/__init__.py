"""Tongbao 通宝: an open smart-POS system, from the till on the counter to the acquirer's books."""

__version__ = "0.1.0"
