"""Colours, spacing and fonts: the only place that knows them."""
