"""Tests of the sandbox: issuer, drawer and web interface."""
