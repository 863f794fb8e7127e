"""Approvals: dual control, one person asks for a change and another decides it."""
