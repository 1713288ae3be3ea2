"""Decoding in a thread of its own: packets in, the newest picture out. No Qt in here."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from nvr_app.contract.live import AnyMedia, MediaHeader, MediaPacket
from ui.live.media import Frame, PacketDecoder

logger = logging.getLogger(__name__)

_BEHIND_PACKETS = 90
"""Live packets waiting (3 s at 30 fps) after which the rest up to a keyframe is skipped."""
_REMEMBERED_ARRIVALS = 64


@dataclass(frozen=True)
class Arrival:
    """When a packet reached the engine (wall time) and this desk (monotonic)."""

    wall_us: int
    mono_ns: int


@dataclass(frozen=True)
class DecodedPicture:
    """A picture as decoded, with the arrival of its packet."""

    frame: Frame
    arrival: Arrival


class DecodeLoop:
    """Decodes one camera's packets in order and keeps the newest picture.

    `feed`, `take` and `stop` may be called from any thread and never wait for the decoder; `run`
    is the thread's. `on_news` is called in that thread when `take` has a newer picture, once
    until it was taken.
    """

    def __init__(self, camera_id: str, on_news: Callable[[], None]) -> None:
        self.camera_id = camera_id
        self._on_news = on_news
        self.decoder_errors = 0
        """Packets that could not be decoded, and headers of codecs unknown here."""
        self.skipped = 0
        """Packets given up because decoding fell behind."""
        self._wakeup = threading.Condition()
        self._waiting: deque[tuple[AnyMedia, int]] = deque()
        self._live_waiting = 0
        self._needs_keyframe = True
        self._stopping = False
        self._newest: DecodedPicture | None = None

    def feed(self, media: AnyMedia, mono_ns: int) -> None:
        """Queue what arrived at that moment; audio is not this decoder's."""
        if isinstance(media, MediaPacket) and media.is_audio:
            return
        with self._wakeup:
            self._queue(media, mono_ns)
            self._wakeup.notify()

    def take(self) -> DecodedPicture | None:
        """The newest picture not yet taken."""
        with self._wakeup:
            newest, self._newest = self._newest, None
        return newest

    def stop(self) -> None:
        """Let `run` end after the packet in hand; idempotent."""
        with self._wakeup:
            self._stopping = True
            self._wakeup.notify()

    def run(self) -> None:
        """Decode in order, publish the newest."""
        decoder: PacketDecoder | None = None
        arrivals: dict[int, Arrival] = {}
        while (taken := self._next()) is not None:
            media, mono_ns, is_last = taken
            if isinstance(media, MediaHeader):
                decoder = self._open(media)
                arrivals.clear()
                continue
            if decoder is None:
                continue
            arrivals[media.pts_us] = Arrival(media.wall_us, mono_ns)
            while len(arrivals) > _REMEMBERED_ARRIVALS:
                del arrivals[next(iter(arrivals))]
            before = decoder.errors
            frames = decoder.decode(media)
            self.decoder_errors += decoder.errors - before
            # Of the buffered GOP only the last is worth showing.
            if frames and (is_last or not media.buffered):
                arrival = arrivals.get(frames[-1].pts or 0, Arrival(media.wall_us, mono_ns))
                self._publish(DecodedPicture(frames[-1], arrival))

    def _queue(self, media: AnyMedia, mono_ns: int) -> None:
        if isinstance(media, MediaHeader):
            self._needs_keyframe = True
        elif self._needs_keyframe and not media.is_keyframe:
            self.skipped += 1
            return
        else:
            self._needs_keyframe = False
            if not media.buffered:
                self._live_waiting += 1
        self._waiting.append((media, mono_ns))
        if self._live_waiting > _BEHIND_PACKETS:
            self._give_up_backlog()

    def _give_up_backlog(self) -> None:
        headers = [waiting for waiting in self._waiting if isinstance(waiting[0], MediaHeader)]
        self.skipped += len(self._waiting) - len(headers)
        self._waiting = deque(headers)
        self._live_waiting = 0
        self._needs_keyframe = True
        logger.info("%s: decoding fell behind, going on at the next keyframe", self.camera_id)

    def _next(self) -> tuple[AnyMedia, int, bool] | None:
        """The next to decode, and whether it is the last one waiting; None: the end."""
        with self._wakeup:
            self._wakeup.wait_for(lambda: self._stopping or bool(self._waiting))
            if self._stopping:
                return None
            media, mono_ns = self._waiting.popleft()
            if isinstance(media, MediaPacket) and not media.buffered:
                self._live_waiting -= 1
            return media, mono_ns, not self._waiting

    def _open(self, header: MediaHeader) -> PacketDecoder | None:
        try:
            return PacketDecoder(header)
        except ValueError as error:
            self.decoder_errors += 1
            logger.warning("%s: %s: the substream stays on the wall", self.camera_id, error)
            return None

    def _publish(self, picture: DecodedPicture) -> None:
        with self._wakeup:
            is_news = self._newest is None
            self._newest = picture
        if is_news:
            self._on_news()
