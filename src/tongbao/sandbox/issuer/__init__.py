"""The simulated card issuer: a pure core, its own book in its own database, a TCP server."""
