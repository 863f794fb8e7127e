"""Composition: settings, command line, process supervisor."""
