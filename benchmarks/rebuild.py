"""A new index for a hundred thousand segment files: the newest checkpoint and a day's journal."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice

from benchmarks.outcome import Options, Outcome
from benchmarks.site import work_folder
from engine.base.clock import SystemClock
from engine.journal.head_signing import keep_public_key, sign_head
from engine.journal.journal import Journal
from engine.journal.payload import JournalledFact, entry_for
from engine.journal.reader import hash_at
from engine.store.checkpoint import checkpoints_folder
from engine.store.checkpoint_writer import draft_checkpoint, publish_checkpoint
from engine.store.store import Store
from nvr_app.contract.config import Settings
from nvr_app.contract.events import AnyFact, MotionEnded, SegmentClosed, SegmentOpened
from nvr_app.evidence.signing import Signer
from nvr_app.paths import DataFolder
from nvr_app.settings_file import save_settings

_FILES = 100_000
_CAMERAS = 8
_A_DAY = _CAMERAS * 1_440
_EVENTS_A_SEGMENT = 3
_MINUTE_US = 60_000_000
_SIZE_BYTES = 4_096
_GROUP = 500


def run(options: Options) -> Outcome:
    """Seconds of `nvr check --rebuild`: the proof of journal and files, and the new database."""
    del options
    outcome = Outcome("rebuild")
    with work_folder() as root:
        folder = DataFolder(root / "data")
        folder.create()
        save_settings(folder, Settings())
        records = _make(folder, outcome)
        folder.database.unlink()
        started_s = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "nvr_app", "--data-dir", str(folder.root), "check", "--rebuild",
             "--json"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        took_s = time.perf_counter() - started_s
        report = json.loads(done.stdout)
        if not report["is_sound"] or report["segments"] != _FILES:
            raise RuntimeError(f"the rebuilt site is not sound: {done.stdout[:500]}")
        outcome.details |= {
            "records": records,
            "records after the checkpoint": report["rebuilt"]["records"],
            "checkpoint": report["rebuilt"]["checkpoint"],
        }
        outcome.add("check and rebuild", round(took_s, 1), "s", must=120, aim=30)
    return outcome


def _make(folder: DataFolder, outcome: Outcome) -> int:
    """A site as it would be: files, a journal of all of them, a checkpoint of all but a day."""
    journal = Journal(folder.journal, SystemClock())
    journal.open()
    store = Store(folder.database, export_dir=checkpoints_folder(folder.journal))
    store.open()
    facts = _facts(folder)
    of_a_segment = 2 + _EVENTS_A_SEGMENT
    seq = _take(journal, store, islice(facts, (_FILES - _A_DAY) * of_a_segment), 0)
    started_s = time.perf_counter()
    signer = Signer(bytes(32))
    keep_public_key(folder.signing_keys, signer.public_key)
    draft = draft_checkpoint(store.cursor(), folder.journal, lambda n: hash_at(folder.journal, n))
    signed = sign_head(
        signer,
        wall_us=SystemClock().wall_us(),
        up_to_seq=draft.manifest.up_to_seq,
        head=draft.manifest.head,
        checkpoint=draft.name,
        checkpoint_hash=draft.manifest_hash,
    )
    publish_checkpoint(draft, signed)
    outcome.add("writing the checkpoint", round(time.perf_counter() - started_s, 2), "s")
    outcome.details["checkpoint_mb"] = round(draft.size_bytes / 1e6, 1)
    seq = _take(journal, store, facts, seq)
    store.close()
    journal.close()
    return seq


def _take(journal: Journal, store: Store, facts: Iterator[AnyFact], seq: int) -> int:
    while group := list(islice(facts, _GROUP)):
        journalled = [
            JournalledFact(site="s", node="n", producer="p", number=seq + n, fact=fact)
            for n, fact in enumerate(group, 1)
        ]
        seqs = journal.append([entry_for(fact) for fact in journalled])
        store.apply(list(zip(seqs, journalled, strict=True)))
        seq = seqs[-1]
    return seq


def _facts(folder: DataFolder) -> Iterator[AnyFact]:
    begin_us = SystemClock().wall_us() - (_FILES // _CAMERAS + 1) * _MINUTE_US
    for number in range(_FILES):
        camera_id = f"cam-{number % _CAMERAS + 1}"
        start_us = begin_us + number // _CAMERAS * _MINUTE_US
        path = _path(camera_id, start_us, number)
        file = folder.recordings / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as out:
            out.truncate(_SIZE_BYTES)
        yield from _segment(camera_id, path, start_us, number)


def _path(camera_id: str, start_us: int, number: int) -> str:
    day = time.strftime("%Y-%m-%d/%H", time.gmtime(start_us // 1_000_000))
    return f"{camera_id}/{day}/{start_us // 1000:013d}-{number % _CAMERAS:08x}-{number}.mp4"


def _segment(camera_id: str, path: str, start_us: int, number: int) -> Iterator[AnyFact]:
    segment_id = f"{number % _CAMERAS:08x}-{number}"
    end_us = start_us + _MINUTE_US
    yield SegmentOpened(
        wall_us=start_us, camera_id=camera_id, segment_id=segment_id, run_id=segment_id[:8],
        root="main", path=path, start_wall_us=start_us, codec="h264", width=1920, height=1080,
        has_audio=False,
    )  # fmt: skip
    for n in range(_EVENTS_A_SEGMENT):
        at_us = start_us + n * 15_000_000
        yield MotionEnded(
            wall_us=at_us, camera_id=camera_id, event_id=f"{at_us // 1000:012x}{number:020x}",
            start_wall_us=at_us, end_wall_us=at_us + 9_000_000, peak=0.2,
        )  # fmt: skip
    yield SegmentClosed(
        wall_us=end_us, camera_id=camera_id, segment_id=segment_id, root="main", path=path,
        start_wall_us=start_us, end_wall_us=end_us, size_bytes=_SIZE_BYTES, frames=1800,
        keyframes=30, content_hash="0" * 64,
    )  # fmt: skip
