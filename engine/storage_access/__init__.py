"""Footage where it lies: on disks by folder, in object stores by bucket."""
