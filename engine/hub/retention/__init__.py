"""Retention in the hub: runs, schedules, emergencies."""
