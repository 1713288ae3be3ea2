"""Opening a database in a child first: replaying a damaged log has aborted whole processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb

from engine.base.program import child_argv

_TIMEOUT_S = 90.0


def opens_safely(path: Path) -> str:
    """Try it in a child process; empty when it opens, otherwise what happened."""
    try:
        done = subprocess.run(
            child_argv("database-probe"),
            input=f"{path}\n",
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it did not open within {_TIMEOUT_S:g} s"
    if done.returncode == 0:
        return ""
    said = done.stderr.strip().splitlines()
    return said[-1] if said else f"opening it ended with code {done.returncode}"


def probe_from_stdin() -> int:
    """What the child does: open the file named on standard input, replay, checkpoint, close."""
    path = sys.stdin.readline().rstrip("\n")
    try:
        with duckdb.connect(path, config={"enable_external_access": "false"}) as connection:
            connection.execute("SELECT count(*) FROM information_schema.tables").fetchone()
            connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        sys.stderr.write(f"{str(error).splitlines()[0]}\n")
        return 1
    return 0
