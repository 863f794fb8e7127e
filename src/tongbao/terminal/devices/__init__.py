"""The simulated devices of a terminal: a printer that keeps paper, a reader that takes swipes."""
