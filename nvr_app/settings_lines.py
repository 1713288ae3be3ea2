"""Where in a TOML file a key stands, for messages that name the line; tomllib does not tell."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[(\[)?\s*([A-Za-z0-9_.\-\"]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+)\s*=")

Where = tuple[str | int, ...]
"""Path of a value: ("api", "port") or ("camera", 2, "main")."""


def line_numbers(text: str) -> dict[Where, int]:
    """Line of every table header and simple key, by path; lines count from 1."""
    found: dict[Where, int] = {}
    counts: dict[str, int] = {}
    table: Where = ()
    is_in_text = False
    for number, line in enumerate(text.splitlines(), 1):
        # Keys inside multi-line texts are no keys.
        if is_in_text or line.count('"""') % 2 or line.count("'''") % 2:
            is_in_text ^= bool((line.count('"""') + line.count("'''")) % 2)
            continue
        header = _HEADER.match(line)
        if header:
            name = header[2].strip('"')
            if header[1]:
                index = counts.get(name, 0)
                counts[name] = index + 1
                table = (name, index)
            else:
                table = tuple(name.split("."))
            found.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            found.setdefault((*table, key[1]), number)
    return found


def line_of(lines: dict[Where, int], where: Where) -> int:
    """Line of a path, or of the nearest table above it; 0 when nothing of it is there."""
    while where:
        if where in lines:
            return lines[where]
        where = where[:-1]
    return 0
