"""The terminal as a device of the fleet: identity, kept settings, line to the platform."""
