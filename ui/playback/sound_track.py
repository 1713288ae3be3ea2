"""The sound of one camera, decoded ahead of the clock in a thread of its own. No Qt in here."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from nvr_app.contract.endpoint import Endpoint
from ui.live.footage_media import (
    SOUND_BYTES_PER_S,
    Codec,
    SoundDecoder,
    UndecodableError,
)
from ui.playback.catalogue import FootageCatalogue
from ui.playback.footage_http import FootageHttp, FootageUnavailableError
from ui.playback.footage_map import Hole
from ui.playback.segment_reader import ReadSegment, SegmentReader

logger = logging.getLogger(__name__)

_AHEAD_US = 3_000_000
_BATCH = 4
_IDLE_S = 0.25
_FRAME_BYTES = 4


class SoundTrack:
    """`aim` and `read` from the GUI's thread; they never wait for the decoder."""

    def __init__(self, camera_id: str, endpoint: Endpoint, position_us: Callable[[], int]) -> None:
        self.camera_id = camera_id
        self._position_us = position_us
        self._http = FootageHttp(endpoint)
        self._catalogue = FootageCatalogue(camera_id, self._http)
        self._reader = SegmentReader(self._http)
        self._wakeup = threading.Condition()
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._at_us: int | None = None
        self._aims = 0
        self._stopping = False
        self._decoder: tuple[Codec, SoundDecoder] | None = None
        self.is_silent = False
        """Whether the footage at hand was recorded without sound."""
        self._thread = threading.Thread(target=self._run, name=f"sound {camera_id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Idempotent; the thread ends after what it has in hand."""
        with self._wakeup:
            self._stopping = True
            self._wakeup.notify_all()
        self._http.abort()

    def join(self, timeout_s: float) -> None:
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def aim(self, wall_us: int) -> None:
        """Decode from a moment on; what was decoded before is dropped."""
        with self._wakeup:
            self._at_us = wall_us
            self._aims += 1
            self._pieces.clear()
            self._wakeup.notify_all()

    def read(self, from_us: int, until_us: int) -> bytes:
        """Samples of an interval as far as they are decoded, silence where there are none."""
        wanted = bytearray(_bytes_of(until_us - from_us))
        with self._wakeup:
            while self._pieces and _end_us(self._pieces[0]) <= from_us:
                self._pieces.popleft()
            for begin_us, data in self._pieces:
                if begin_us >= until_us:
                    break
                _lay(wanted, _bytes_of(begin_us - from_us), data)
            self._wakeup.notify_all()
        return bytes(wanted)

    @property
    def decoded_until_us(self) -> int | None:
        with self._wakeup:
            return _end_us(self._pieces[-1]) if self._pieces else None

    # --- the thread

    def _run(self) -> None:
        aims = -1
        at_us = 0
        try:
            while (wanted := self._next()) is not None:
                if wanted[1] != aims:
                    at_us, aims = wanted
                try:
                    at_us = self._decode_some(at_us, aims)
                except (FootageUnavailableError, UndecodableError) as error:
                    logger.debug("%s: no sound: %s", self.camera_id, error)
                    self._catalogue.forget()
                    self._reader.forget()
                    self._rest(aims)
        finally:
            self._http.close()

    def _next(self) -> tuple[int, int] | None:
        with self._wakeup:
            while not self._stopping:
                if self._at_us is not None and self._has_room():
                    return self._at_us, self._aims
                self._wakeup.wait(_IDLE_S)
        return None

    def _has_room(self) -> bool:
        return not self._pieces or (_end_us(self._pieces[-1]) < self._position_us() + _AHEAD_US)

    def _rest(self, aims: int) -> None:
        with self._wakeup:
            self._wakeup.wait_for(lambda: self._stopping or self._aims != aims, _IDLE_S)

    def _decode_some(self, at_us: int, aims: int) -> int:
        """Two seconds more; where to go on."""
        found = self._catalogue.at(at_us)
        if isinstance(found, Hole):
            if found.end_us is None:
                self._rest(aims)
                return at_us
            return found.end_us
        segment = self._reader.read(found, at_us)
        self.is_silent = segment.head.audio is None
        begin_us = segment.view.start_wall_us
        later = [number for number, one in enumerate(segment.index.fragments)
                 if begin_us + one.start_us + one.duration_us > at_us]  # fmt: skip
        if not later:
            if found.end_wall_us is None:
                self._rest(aims)
                return at_us
            return max(at_us + 1, found.end_wall_us)
        first, end = later[0], min(later[0] + _BATCH, len(segment.index.fragments))
        self._add(segment, first, end, aims)
        last = segment.index.fragments[end - 1]
        return begin_us + last.start_us + last.duration_us

    def _add(self, segment: ReadSegment, first: int, end: int, aims: int) -> None:
        codec = segment.head.audio
        if codec is None:
            return
        if self._decoder is None or self._decoder[0] != codec:
            self._decoder = codec, SoundDecoder(codec)
        for unit in self._reader.units(segment, first, end, "audio"):
            data = self._decoder[1].decode(unit)
            with self._wakeup:
                if self._aims != aims or self._stopping:
                    return
                if data:
                    self._pieces.append((segment.view.start_wall_us + unit.pts_us, data))


def _bytes_of(span_us: int) -> int:
    return span_us * SOUND_BYTES_PER_S // 1_000_000 // _FRAME_BYTES * _FRAME_BYTES


def _end_us(piece: tuple[int, bytes]) -> int:
    return piece[0] + len(piece[1]) * 1_000_000 // SOUND_BYTES_PER_S


def _lay(target: bytearray, place: int, data: bytes) -> None:
    """Put samples where they belong; what lies outside is cut off."""
    if place < 0:
        data, place = data[-place:], 0
    data = data[: max(0, len(target) - place)]
    target[place : place + len(data)] = data
