"""Tests of the demo and of its comparison of the books."""
