"""Numbered schema changes, each with its way back; run only while the database opens."""
