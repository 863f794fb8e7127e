"""Onboarding through its services: strangers, reviewers, papers, contracts."""
