"""Virtual network, disk, clock and people that run the real cores from a seed (room kept)."""
