"""Small widgets that several parts of the desk use."""
