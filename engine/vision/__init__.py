"""Detectors, tracking and the vision worker."""
