"""How long tests wait for what must come.

Only a failing test waits so long. Two cores may be shared with other work, and then everything
takes several times its usual time; how fast the product is on a quiet machine, `nvr bench` says.
"""

from __future__ import annotations

PATIENCE_S = 60.0
BUSY = 4
"""A promise in seconds times this is what a test asserts: it tells a fault from a busy machine."""
