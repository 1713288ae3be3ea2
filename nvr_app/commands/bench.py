"""`nvr bench`: figures measured on this machine, never remembered ones."""

from __future__ import annotations

import argparse
import importlib
import json
import os
from pathlib import Path
from typing import Any

from nvr_app.commands.output import add_json, print_json, print_table
from nvr_app.errors import UserError

BENCHMARKS = {
    "full": "eight cameras, motion, detection, the wall: CPU, memory, latencies, API",
    "motion": "recording and motion, against motion 4.5",
    "record": "recording alone, against ffmpeg -c copy",
    "packets": "every packet served against what lies in the files, by hash",
    "start": "from the start to all cameras recording",
    "faults": "until a silent, dropped or refusing camera is shown",
    "kills": "kill -9 of each process, and of all at once",
    "crashes": "kill -9 of everything at random moments, up to 200 times, and what is lost",
    "powercut": "power cuts of a real file system at random moments, and what is lost",
    "clocksteps": "the wall clock is set by hours and days, and over both changes of summer time",
    "retention": "a clean-up of 100 000 of a million segments, while eight cameras record",
    "knee": "how many cameras can be recorded before the first loss",
    "timeline": "a day of eight cameras over the API, at a million segments and ten million events",
    "rebuild": "a new index for 100 000 segment files: checkpoint and a day's journal",
    "database": "queries at ten million events",
    "seek": "from asking for a recorded moment in 1080p to its picture painted",
    "playback": "synchronous playback of recorded tiles: skew, pictures shown, CPU",
    "wall": "eight live tiles: CPU and delay of painting",
    "ageing": "encoding footage anew: savings, quality, speed, CPU budget",
    "export": "an hour of 1080p with hashes and signature, against ffmpeg -c copy",
    "detector": "average precision and time of the detectors on labelled pictures",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    width = max(map(len, BENCHMARKS))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(f"  {name.ljust(width)}  {text}" for name, text in BENCHMARKS.items())
    parser.add_argument("name", choices=BENCHMARKS, help="what to measure")
    parser.add_argument("--seconds", type=int, default=0, help="how long (default: its own)")
    parser.add_argument("--cameras", type=int, default=0, help="how many (default: its own)")
    parser.add_argument("--count", type=int, default=0, help="how often (default: its own)")
    parser.add_argument("--models-dir", type=Path, help="detection models (or NVR_MODELS_DIR)")
    parser.add_argument("--labels-dir", type=Path, help="labelled pictures (or NVR_LABELS_DIR)")
    parser.add_argument("--out", type=Path, help="write the JSON into this file as well")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    try:
        from benchmarks.outcome import Options
        from benchmarks.rig.server import RigError
    except ImportError:
        raise UserError("the benchmarks come with the source code only; run from there") from None
    options = Options(
        seconds=args.seconds,
        cameras=args.cameras,
        count=args.count,
        models_dir=args.models_dir or _folder("NVR_MODELS_DIR"),
        labels_dir=args.labels_dir or _folder("NVR_LABELS_DIR"),
    )
    try:
        outcome = importlib.import_module(f"benchmarks.{args.name}").run(options)
    except RigError as error:
        raise UserError(str(error)) from None
    plain: dict[str, Any] = outcome.plain()
    if args.out is not None:
        args.out.write_text(json.dumps(plain, indent=2) + "\n")
    if args.json:
        print_json(plain)
        return 0
    print_table(
        ["what", "measured", "unit", "must", "aim", ""],
        [
            [figure.what, f"{figure.value:g}", figure.unit, _limit(figure.must),
             _limit(figure.aim), figure.verdict]
            for figure in outcome.figures
        ],
    )  # fmt: skip
    return 0


def _limit(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _folder(variable: str) -> Path | None:
    named = os.environ.get(variable, "")
    return Path(named) if named else None
