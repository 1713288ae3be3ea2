"""Measurements that stay: nvr bench."""
