"""Replayed pictures become segments like any other, in the order of invariants S2 and S3."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.chores.bench import Bench
from engine.chores.card_book import CardBook, Fetched
from engine.chores.footage_places import require_room, root_of
from engine.media.replay.access_units import AccessUnit
from engine.media.replay.unit_muxer import Picture, UnitMuxer, read_picture
from engine.recording.content_hash import new_content_hash
from engine.recording.durable_copy import settle, written_aside
from engine.recording.segment_path import SegmentName
from engine.recording.storage_root import StorageRoot
from nvr_app.contract.chores import FillGap
from nvr_app.contract.config import RecordingSettings
from nvr_app.contract.events import (
    GapFilled,
    RunEnded,
    RunStarted,
    SegmentClosed,
    SegmentOpened,
)
from nvr_app.contract.timebase import US_PER_S

_HOLE_US = 1_000_000
"""Pictures further apart than this have a hole between them: it stays a gap."""
_USUAL_STEP_US = 40_000
_MOST_BYTES = 512 * 1024**2
"""A segment is cut at the next keyframe beyond this, however short its time."""


@dataclass(frozen=True)
class Place:
    """A picture and when it was taken, by our clock."""

    unit: AccessUnit
    wall_us: int


class _Segment:
    """One file in the making."""

    def __init__(
        self,
        name: SegmentName,
        start_wall_us: int,
        aside: Path,
        picture: Picture,
        fragment_s: float,
    ) -> None:
        self.name = name
        self.start_wall_us = start_wall_us
        self.last_wall_us = start_wall_us
        self.step_us = _USUAL_STEP_US
        self.frames = 0
        self.keyframes = 0
        self.size_bytes = 0
        self.aside = aside
        self._content = new_content_hash()
        self._file: IO[bytes] = aside.open("xb")
        self._muxer = UnitMuxer(self._write, picture, fragment_s)

    def add(self, one: Place) -> None:
        """MuxError, OSError."""
        if self.frames:
            self.step_us = one.wall_us - self.last_wall_us
        self.last_wall_us = one.wall_us
        self.frames += 1
        self.keyframes += one.unit.is_keyframe
        self._muxer.add(one.unit)

    def finish(self) -> str:
        """Complete the file; its hash. MuxError, OSError."""
        self._muxer.finish()
        self._file.close()
        return self._content.hexdigest()

    def abandon(self) -> None:
        self._file.close()

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._content.update(data)
        self.size_bytes += len(data)


class CardSegments:
    """Takes the pictures of one replay in order of time; for one thread. `close` at last."""

    def __init__(
        self, chore: FillGap, settings: RecordingSettings, book: CardBook, bench: Bench, *,
        codec: str, described: tuple[bytes, ...], offset_us: int,
    ) -> None:  # fmt: skip
        self._chore = chore
        self._settings = settings
        self._book = book
        self._bench = bench
        self._codec = codec
        self._described = described
        self._offset_us = offset_us
        self._root: StorageRoot = root_of(chore.root, bench)
        self._run_id = secrets.token_hex(4)
        self._number = 0
        self._picture: Picture | None = None
        self._sets = b""
        self._segment: _Segment | None = None
        self._part = ExitStack()
        self.filled_us = 0

    def take(self, one: Place) -> None:
        """A picture. EngineError, OSError: the open file is given up, what is closed stays."""
        segment = self._segment
        if segment is not None:
            is_long = one.wall_us - segment.start_wall_us >= self._settings.segment_s * US_PER_S
            is_cut = is_long or segment.size_bytes >= _MOST_BYTES
            if one.wall_us - segment.last_wall_us > _HOLE_US:
                self._close(segment, segment.last_wall_us + segment.step_us)
            elif one.unit.is_keyframe and is_cut:
                self._close(segment, one.wall_us)
        if self._segment is None:
            if not one.unit.is_keyframe:
                return
            self._open(one)
        if self._segment is not None:
            self._segment.add(one)

    def close(self) -> None:
        """Close what is open, however the replay ended. EngineError, OSError."""
        segment = self._segment
        if segment is not None:
            self._close(segment, segment.last_wall_us + min(segment.step_us, _HOLE_US))
        if self._picture is not None:
            self._picture.container.close()
            self._picture = None
            self._note_run_end()

    def abandon(self) -> None:
        """Give the open file up without a trace; idempotent."""
        if self._segment is not None:
            self._segment.abandon()
            self._part.close()
            self._book.forget(self._segment.name.segment_id)
            self._segment = None
        self._part.close()

    def _open(self, one: Place) -> None:
        picture = self._picture_of(one)
        self._number += 1
        start_us = one.wall_us
        name = SegmentName(
            self._chore.camera_id, start_us // 1_000 * 1_000, self._run_id, self._number
        )
        self._root.verify()  # invariant S5
        require_room(self._root.path, 0)
        self._book.opening(name.segment_id, self._root.name, name.path())
        aside = self._part.enter_context(written_aside(self._root.path / name.path()))
        self._segment = _Segment(name, start_us, aside, picture, self._settings.fragment_s)

    def _picture_of(self, one: Place) -> Picture:
        if self._picture is None:
            self._picture = read_picture(self._codec, one.unit, self._described)
            self._bench.note(
                RunStarted(
                    wall_us=self._bench.shop.clock.wall_us(), camera_id=self._chore.camera_id,
                    run_id=self._run_id, codec=self._codec, width=self._picture.width,
                    height=self._picture.height, anchor_wall_us=one.wall_us,
                    clock_offset_us=self._offset_us,
                )
            )  # fmt: skip
        return self._picture

    def _close(self, segment: _Segment, end_wall_us: int) -> None:
        content_hash = segment.finish()
        self._segment = None
        fetched = self._fetched(segment, min(end_wall_us, self._chore.end_wall_us), content_hash)
        self._book.finishing(fetched)
        settle(segment.aside, self._root.path / segment.name.path())  # invariant S3: before facts
        self._part.close()
        self._book.journal(fetched, self._bench)
        self.filled_us += fetched.closed.end_wall_us - fetched.closed.start_wall_us
        self._bench.shop.measures.count(
            "surveillance_gap_filled_seconds", self._chore.camera_id,
            amount=(fetched.closed.end_wall_us - fetched.closed.start_wall_us) / US_PER_S,
        )  # fmt: skip
        self._bench.progress(
            done=self.filled_us // 1_000,
            size_bytes=self._bench.moved.size_bytes + segment.size_bytes,
        )

    def _fetched(self, segment: _Segment, end_wall_us: int, content_hash: str) -> Fetched:
        picture = self._picture
        now_us = self._bench.shop.clock.wall_us()
        return Fetched(
            opened=SegmentOpened(
                wall_us=now_us,
                camera_id=self._chore.camera_id,
                segment_id=segment.name.segment_id,
                run_id=self._run_id,
                root=self._root.name,
                path=segment.name.path(),
                start_wall_us=segment.start_wall_us,
                codec=self._codec,
                width=picture.width if picture else 0,
                height=picture.height if picture else 0,
                has_audio=False,
                origin="card",
            ),
            closed=SegmentClosed(
                wall_us=now_us,
                camera_id=self._chore.camera_id,
                segment_id=segment.name.segment_id,
                root=self._root.name,
                path=segment.name.path(),
                start_wall_us=segment.start_wall_us,
                end_wall_us=end_wall_us,
                size_bytes=segment.size_bytes,
                frames=segment.frames,
                keyframes=segment.keyframes,
                content_hash=content_hash,
                origin="card",
            ),
            filled=GapFilled(
                wall_us=now_us,
                camera_id=self._chore.camera_id,
                start_wall_us=segment.start_wall_us,
                end_wall_us=end_wall_us,
            ),
        )

    def _note_run_end(self) -> None:
        self._bench.note(
            RunEnded(
                wall_us=self._bench.shop.clock.wall_us(), camera_id=self._chore.camera_id,
                run_id=self._run_id, reason="the replay of the camera's card ended",
            )
        )  # fmt: skip


def placed(units: Iterator[AccessUnit], chore: FillGap, offset_us: int) -> Iterator[Place]:
    """Pictures within the gap by our clock: nothing that would overlap what there is already."""
    for unit in units:
        wall_us = unit.mark.wall_us - offset_us
        if chore.start_wall_us <= wall_us < chore.end_wall_us:
            yield Place(unit, wall_us)
