"""Tests of the soak: its plan, its breaking lines, its checker, and short runs of the whole."""
