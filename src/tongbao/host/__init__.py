"""The acquirer's switch: pure core, sessions, stores, TCP server, upstream link."""
