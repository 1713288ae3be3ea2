"""Bearer tokens: one for desks and the command line, one that may only scrape."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.base.atomic_file import write_atomic

Actor = Literal["desk", "scraper"]
_TOKEN = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, repr=False)
class Tokens:
    """New for every start of the hub, except the scraper's: others have copied that."""

    desk: str
    scraper: str

    def actor(self, authorization: str) -> Actor | None:
        """Who sent this Authorization header; None for nobody we know."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer":
            return None
        given = token.strip().encode()
        if hmac.compare_digest(given, self.desk.encode()):
            return "desk"
        if hmac.compare_digest(given, self.scraper.encode()):
            return "scraper"
        return None


def make_tokens(run_dir: Path) -> Tokens:
    """Mint tokens; `run/metrics.token` (readable by the group) keeps its content."""
    path = run_dir / "metrics.token"
    try:
        kept = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        kept = ""
    scraper = kept if _TOKEN.fullmatch(kept) else secrets.token_hex(32)
    if scraper != kept:
        write_atomic(path, f"{scraper}\n".encode(), mode=0o640)
    return Tokens(desk=secrets.token_hex(32), scraper=scraper)
