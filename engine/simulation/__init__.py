"""Simulated cameras: drawn scenes with known truth."""
