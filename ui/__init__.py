"""The monitoring desk: one client of the engine."""
