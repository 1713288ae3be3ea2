"""How long to wait before the next try."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BackoffPolicy:
    """Exponential delays with jitter; the first try after a failure may come at once.

    The default is the operations plan's (section 4.3): 5 s doubling to 5 min, 10 % jitter,
    preceded by one immediate retry, and it never gives up.
    """

    first_s: float = 0.0
    base_s: float = 5.0
    ceiling_s: float = 300.0
    jitter: float = 0.1

    def delay_s(self, failures: int) -> float:
        """Seconds to wait after this many failures in a row (1 = the first)."""
        if failures <= 1:
            return self.first_s
        # Past 2^20 the ceiling has long won; the bound keeps the float finite.
        plain = min(self.base_s * 2.0 ** min(failures - 2, 20), self.ceiling_s)
        return plain + random.uniform(0, plain * self.jitter)


# Reconnecting a lost camera: quick at first, since most losses are short, and never rare, since
# every second after its return is footage lost. Jitter spreads cameras that rebooted together.
CAMERA_RECONNECT = BackoffPolicy(first_s=0.0, base_s=1.0, ceiling_s=8.0, jitter=0.25)
# A camera that refused the password locks accounts when it is hammered.
CAMERA_REFUSED = BackoffPolicy(first_s=30.0, base_s=60.0, ceiling_s=300.0)
