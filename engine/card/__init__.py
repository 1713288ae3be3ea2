"""A camera's own card: what it holds and which gaps it can fill (ONVIF Profile G)."""
