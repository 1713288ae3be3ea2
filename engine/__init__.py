"""The recorder: it records whether or not anyone is looking."""
