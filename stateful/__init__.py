"""Stateful steps: the profile of a user, and the correlation of findings."""
