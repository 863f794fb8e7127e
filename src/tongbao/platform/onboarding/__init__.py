"""Onboarding: from an application form to a merchant."""
