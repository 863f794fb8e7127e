"""Access: who may do what, decided in one place by one table."""
