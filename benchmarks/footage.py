"""What is left of a camera's footage after something bad, and what `nvr check` says of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import av

_UNEXPLAINED = ("open_segments", "missing", "wrong_size", "wrong_content", "orphans", "holes")


def end_us(folder: Path) -> int:
    """Wall time at which the newest playable footage below this folder ends; 0 without any."""
    files = sorted(folder.rglob("*.mp4"), key=lambda path: path.name, reverse=True)
    return next((end for path in files[:3] if (end := _end_of(path))), 0)


def check(data_dir: Path, *options: str) -> dict[str, Any]:
    """The report of `nvr check --hash`."""
    done = subprocess.run(
        [sys.executable, "-m", "nvr_app", "--data-dir", str(data_dir), "check", "--hash", "--json",
         *options],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def unexplained(report: dict[str, Any]) -> dict[str, int]:
    """How many of each kind of finding are left to explain; those that are none are left out."""
    counts = {name: len(report[name]) for name in _UNEXPLAINED}
    counts["journal"] = len(report["journal"]["faults"])
    return {name: count for name, count in counts.items() if count}


def _end_of(path: Path) -> int:
    start_us = int(path.name.split("-")[0]) * 1000
    last = 0.0
    try:
        with av.open(str(path)) as container:
            for packet in container.demux(video=0):
                if packet.pts is not None and packet.time_base is not None:
                    length = packet.duration or 0
                    last = max(last, float((packet.pts + length) * packet.time_base))
    except av.FFmpegError:
        return 0  # nothing of it had been written yet
    return start_us + int(last * 1e6) if last else 0
