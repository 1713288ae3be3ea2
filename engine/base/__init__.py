"""Foundations: clock, errors, backoff, spool, atomic files, metrics, logging."""
