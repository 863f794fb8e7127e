"""The card-application kernel (room kept; the first kernel comes with the chip issue)."""
