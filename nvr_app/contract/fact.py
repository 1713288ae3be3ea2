"""What every fact is: something that happened, past tense, journalled before it is announced."""

from __future__ import annotations

import msgspec


class Fact(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=False
):
    """Base of every fact; `wall_us` is when it happened, on this host's clock."""

    wall_us: int
