"""`nvr check`: prove what is recorded; repair the agreement; rebuild the index."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from nvr_app.commands.output import add_json, print_json
from nvr_app.contract.endpoint import read_supervisor
from nvr_app.contract.timebase import iso_utc
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder, data_folder
from nvr_app.root_settings import footage_roots
from nvr_app.settings_file import load_settings

if TYPE_CHECKING:
    from engine.store.repair import Rebuilt

_MOST_PRINTED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hash", action="store_true", help="compare the content of every segment")
    parser.add_argument(
        "--repair", action="store_true", help="adopt what is there, drop what is not"
    )
    parser.add_argument("--rebuild", action="store_true", help="make the database anew")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """0 when everything is proven, 1 when something is left to explain. UserError: a sentence."""
    from engine.base.errors import EngineError
    from engine.recording.content_hash import hash_file
    from engine.recording.segment_path import parse_segment_path
    from engine.recording.storage_root import registered_fault
    from engine.store.check import check_footage

    folder = data_folder(args.data_dir)
    if not folder.root.is_dir():
        raise UserError(f"there is no data folder at {folder.root}; name it with --data-dir")
    is_running = _engine_runs(folder)
    if is_running and (args.repair or args.rebuild):
        raise UserError(
            "an engine runs on this folder: stop it before --repair or --rebuild "
            "(a plain nvr check may run beside it)"
        )
    roots = _roots(folder)

    def camera_of(path: str) -> str | None:
        name = parse_segment_path(path)
        return name.camera_id if name else None

    def root_fault(name: str) -> str:
        return registered_fault(name, roots[name], folder.config / "roots.json")

    started = time.monotonic()
    try:
        report = check_footage(
            folder.journal,
            roots,
            keys_dir=folder.signing_keys,
            buckets=_bucket_names(folder),
            hash_file=hash_file if args.hash else None,
            known_camera=camera_of,
            root_fault=root_fault,
        )
        repaired, rebuilt = 0, None
        if args.repair:
            repaired = _repair(folder, roots, report)
            report = check_footage(
                folder.journal,
                roots,
                keys_dir=folder.signing_keys,
                buckets=_bucket_names(folder),
                hash_file=hash_file if args.hash else None,
                known_camera=camera_of,
                root_fault=root_fault,
            )
        if args.rebuild:
            rebuilt = _rebuild(folder)
    except EngineError as error:
        raise UserError(str(error)) from None
    result = {
        **asdict(report),
        "is_sound": report.is_sound and (is_running or not report.open_segments),
        "is_running": is_running,
        "repaired": repaired,
        "rebuilt": asdict(rebuilt) if rebuilt else None,
        "took_s": round(time.monotonic() - started, 2),
    }
    print_json(result) if args.json else _print(result)
    return 0 if result["is_sound"] else 1


def _engine_runs(folder: DataFolder) -> bool:
    from engine.supervisor.instance_lock import AlreadyRunningError, InstanceLock

    if read_supervisor(folder.run) is None:
        return False
    lock = InstanceLock(folder.run / "engine.lock")
    try:
        lock.acquire(os.getpid(), int(time.time()))
    except AlreadyRunningError:
        return True
    lock.release()
    return False


def _roots(folder: DataFolder) -> dict[str, Path]:
    configured = footage_roots(folder, load_settings(folder).settings)
    return {root.name: Path(root.path) for root in configured}


def _bucket_names(folder: DataFolder) -> frozenset[str]:
    return frozenset(bucket.name for bucket in load_settings(folder).settings.bucket)


def _repair(folder: DataFolder, roots: dict[str, Path], report: object) -> int:
    from engine.base.clock import SystemClock
    from engine.media.errors import SourceError
    from engine.media.segment_probe import measure_segment
    from engine.recording.content_hash import hash_file
    from engine.recording.segment_path import parse_segment_path
    from engine.store.check import CheckReport
    from engine.store.repair import append_facts, repair_facts
    from nvr_app.contract.events import SegmentClosed

    clock = SystemClock()

    def adopt(root: str, path: str) -> SegmentClosed | None:
        name = parse_segment_path(path)
        file = roots[root] / path
        try:
            measure = measure_segment(file)
            size, content = file.stat().st_size, hash_file(file)
        except (SourceError, OSError) as error:
            print(f"cannot be adopted: {path}: {error}")
            return None
        if name is None or not measure.frames:
            return None
        return SegmentClosed(
            wall_us=clock.wall_us(),
            camera_id=name.camera_id,
            segment_id=name.segment_id,
            root=root,
            path=path,
            start_wall_us=name.start_wall_us,
            end_wall_us=name.start_wall_us + measure.duration_us,
            size_bytes=size,
            frames=measure.frames,
            keyframes=measure.keyframes,
            content_hash=content,
            adopted=True,
        )

    if not isinstance(report, CheckReport):
        raise TypeError("a report of check_footage is expected")
    settings = load_settings(folder).settings
    facts = repair_facts(report, adopt, clock.wall_us())
    origin = {"site": settings.site, "node": settings.node}
    return append_facts(folder.journal, facts, origin, clock)


def _rebuild(folder: DataFolder) -> Rebuilt:
    from engine.store.repair import rebuild_database

    return rebuild_database(folder.journal, folder.database, folder.signing_keys)


def _print(result: dict[str, object]) -> None:
    journal = result["journal"]
    if not isinstance(journal, dict):
        raise TypeError("the report's journal part is a table")
    print(
        f"journal: {journal['records']} records, {len(journal['faults'])} faults, "
        f"{journal['dropped_payloads']} payloads dropped in their time"
    )
    print(f"footage: {result['segments']} segments, {_size(result['bytes_present'])}")
    for name, words in _COUNTS.items():
        if result[name]:
            print(f"{words}: {result[name]}")
    for fault in journal["faults"]:
        print(f"  fault: {fault}")
    for name, words in _LISTS.items():
        found = result[name]
        if isinstance(found, list) and found:
            print(f"{words}: {len(found)}")
            for item in found[:_MOST_PRINTED]:
                print(f"  {_line(item)}")
    if result["repaired"]:
        print(f"repaired: {result['repaired']}")
    if isinstance(result["rebuilt"], dict):
        print(_rebuilt_words(result["rebuilt"]))
    print("Everything is proven." if result["is_sound"] else "Something is left to explain.")


def _rebuilt_words(rebuilt: dict[str, object]) -> str:
    base = f"checkpoint {rebuilt['checkpoint']} and " if rebuilt["checkpoint"] else ""
    words = f"rebuilt the database from {base}{rebuilt['records']} records"
    if rebuilt["without_payload"]:
        words += (
            f"; {rebuilt['without_payload']} more have no payload any longer and no checkpoint "
            "that holds them: what they told is not in it"
        )
    return words


_COUNTS = {
    "checkpoint": "standing on checkpoint",
    "unreachable": "segments on roots that cannot be read, not proven",
    "in_buckets": "segments in buckets, verified when they were written",
    "garbage": "files to be unlinked",
}
_LISTS = {
    "refused_checkpoints": "checkpoints that are not used",
    "unlawful": "protected, but deleted or about to be",
    "open_segments": "still open",
    "missing": "in the journal, but the file is missing",
    "wrong_size": "of another size than recorded",
    "wrong_content": "of other content than recorded",
    "orphans": "files that the journal does not know (nvr check --repair adopts them)",
    "copies": "second files of segments, of a move that was cut short (the next try uses them)",
    "holes": "time without footage that no gap explains",
    "unreadable_roots": "storage roots that cannot be read",
}


def _line(item: object) -> str:
    if isinstance(item, list | tuple):
        return f"{_line(item[0])}, found {item[1]} bytes"
    if isinstance(item, dict) and "path" in item:
        return f"{item['root']}: {item['path']}"
    if isinstance(item, dict):
        start, end = iso_utc(item["start_wall_us"]), iso_utc(item["end_wall_us"])
        return f"{item['camera_id']}: {start} to {end}"
    return str(item)


def _size(count: object) -> str:
    return f"{count / 1024**3:.2f} GiB" if isinstance(count, int) else str(count)
