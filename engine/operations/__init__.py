"""Readiness, doctor, capacity."""
