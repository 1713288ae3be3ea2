"""Families of detectors: how each network wants its input and what its output means."""
