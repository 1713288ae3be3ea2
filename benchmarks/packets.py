"""Every picture that the server sent against what lies in the files, by hash."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import av

from benchmarks.outcome import Options, Outcome
from benchmarks.rig.engine import EngineRun
from benchmarks.rig.nal_units import length_prefixed_units
from benchmarks.site import Mounted, mounted, settings_of, work_folder
from nvr_app.contract.config import DetectionSettings, RecordingSettings, Settings

_SECONDS = 600
_NEIGHBOURS = 400


def run(options: Options) -> Outcome:
    """Missing and changed NAL units between the first and the last one recorded."""
    outcome = Outcome("packets")
    seconds = options.seconds or _SECONDS
    with work_folder() as folder:
        accounts = folder / "accounts"
        accounts.mkdir()
        with mounted(options.cameras or 8, accounts=accounts) as (server, cameras):
            settings = Settings(
                detection=DetectionSettings(enabled=False),
                recording=RecordingSettings(segment_s=30),
            )
            with EngineRun(
                folder / "data",
                settings_of(cameras, with_sub=False, motion=False),
                settings=settings,
            ) as engine:
                engine.until(lambda: engine.recording() == len(cameras), "all cameras to record")
                time.sleep(seconds)
            server.flush()
        found = compare_site(accounts, folder / "data" / "recordings", cameras)
        outcome.details |= found
    compared, missing, changed = (
        sum(counts[key] for counts in found.values()) for key in ("compared", "missing", "changed")
    )
    outcome.add("NAL units compared", compared, "")
    outcome.add("missing", missing, "", must=0, aim=0)
    outcome.add("changed or doubled", changed, "", must=0, aim=0)
    return outcome


def compare_site(
    accounts: Path, recordings: Path, cameras: list[Mounted]
) -> dict[str, dict[str, int]]:
    """Counts by camera of what the server noted as sent against what lies in the files."""
    counts = {}
    for one in cameras:
        sent = sent_digests(accounts / f"{one.camera_id}.jsonl")
        files = sorted((recordings / one.camera_id).rglob("*.mp4"), key=lambda path: path.name)
        counts[one.camera_id] = compare(sent, recorded_digests(files))
    return counts


def compare(sent: list[str], recorded: list[str]) -> dict[str, int]:
    """Counts over the stretch from the first to the last recorded unit, which must agree in order.

    Clips repeat and parameter sets are all alike: the ends are where most neighbours agree.
    """
    first = _place(sent, recorded)
    from_end = _place(sent[::-1], recorded[::-1])
    if first is None or from_end is None:
        return {"compared": 0, "missing": len(sent), "changed": len(recorded)}
    stretch = sent[first : len(sent) - from_end]
    wanted, found = Counter(stretch), Counter(recorded)
    missing = sum((wanted - found).values())
    changed = sum((found - wanted).values())
    if not missing and not changed:
        changed = sum(a != b for a, b in zip(stretch, recorded, strict=True))
    return {"compared": len(stretch), "missing": missing, "changed": changed}


def _place(sent: list[str], recorded: list[str]) -> int | None:
    """Where in `sent` the beginning of `recorded` fits best; of equals the first."""
    head = recorded[:_NEIGHBOURS]
    best, place = 0, None
    for index, digest in enumerate(sent):
        if head and digest == head[0]:
            there = sent[index : index + len(head)]
            agreeing = sum(a == b for a, b in zip(there, head, strict=False))
            if agreeing > best:
                best, place = agreeing, index
    return place


def sent_digests(path: Path) -> list[str]:
    """Digests of all units in the order of sending."""
    digests = []
    for line in path.read_text().splitlines():
        digests += json.loads(line)[2]
    return digests


def recorded_digests(files: Iterable[Path]) -> list[str]:
    """Digests of all units of these files, in this order."""
    digests = []
    for path in files:
        with av.open(str(path)) as container:
            for packet in container.demux(video=0):
                digests += [
                    hashlib.blake2b(unit, digest_size=16).hexdigest()
                    for unit in length_prefixed_units(bytes(packet))
                ]
    return digests
