"""The vision worker: newest frames in, tracks out."""
