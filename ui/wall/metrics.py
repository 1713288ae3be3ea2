"""Sizes, rates and limits of the wall that are no design tokens."""

from __future__ import annotations

POLL_INTERVAL_MS = 15
"""How often the rings are looked at; half of it is the mean delay it adds to a picture."""
STATE_INTERVAL_MS = 200
"""How often ages and words are looked at again."""
PREVIEW_RATE_FPS = 15.0

STALE_AFTER_NS = 1_600_000_000
"""With STATE_INTERVAL_MS on top a tile is grey well within 2 s of its last picture."""
BOXES_FADE_AFTER_NS = 1_000_000_000
BOXES_GONE_AFTER_NS = 1_500_000_000
DEGRADED_BELOW = 0.8
"""Share of the nominal rate under which a tile says what arrives."""

SELECTION_WIDTH = 2
BOX_WIDTH = 1
STRIP_HEIGHT_FACTOR = 2.1
"""Height of the scrim under a name, in font sizes."""
SCRIM_ALPHA = 190
BADGE_ALPHA = 200
VEIL_ALPHA = 215
"""Darkness over a picture that is no longer live."""
DROP_VEIL_ALPHA = 60
MARK_SHARE = 0.62
"""Side of a state mark, in font sizes."""
RECORD_DOT_SHARE = 0.5
HEADLINE_GROWTH = 1.25
LINE_SPACING = 1.5
FONT_TILE_SHARE = 1 / 34
"""Font size by the tile's width, between FONT_WALL_MIN and FONT_WALL_MAX."""
LABEL_SHARE = 0.88
"""Font size of box labels, in font sizes of the tile."""
