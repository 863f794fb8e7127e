"""The screen server: the built till page, its WebSocket and the pictures of slips."""
