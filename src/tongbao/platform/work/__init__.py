"""Work: what the platform does by itself, again and again."""
