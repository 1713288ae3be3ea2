"""The HTTP face: one module per subject, all under one guard."""
