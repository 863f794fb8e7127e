"""A payment world on virtual time, drawn from one seed: the real cores under every fault."""
