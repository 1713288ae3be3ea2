"""The window around the pages: bars, panels, keys."""
