"""The dialect between UnionPay terminals and their acquirer's host."""
