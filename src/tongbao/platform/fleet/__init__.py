"""The fleet: terminals and their sign-ins."""
