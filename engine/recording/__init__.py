"""Segment layout, cut policy, disk writer, storage roots."""
