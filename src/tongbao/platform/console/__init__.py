"""The operations console: its site, look, words and pages shared by the apps."""
