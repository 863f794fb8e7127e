"""The audit log: who did what, when, from where, on what; tamper-evident."""
