"""The camera tree."""
