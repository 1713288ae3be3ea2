"""Printing for people or, with --json, for programs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option that everything which prints data has."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def print_json(data: object) -> None:
    """One JSON document."""
    print(json.dumps(data, indent=2, ensure_ascii=False))


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as their widest cell."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[n]) for row in [list(head), *cells]) for n in range(len(head))]
    for row in [list(head), *cells]:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
