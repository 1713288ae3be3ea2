"""The main stream of a maximised tile, for the GUI thread: a decoder's thread and its signal."""

from __future__ import annotations

import logging
import threading
import weakref

from PySide6.QtCore import QObject, Signal

from nvr_app.contract.live import AnyMedia
from ui.live.decode_loop import DecodedPicture, DecodeLoop

logger = logging.getLogger(__name__)

_JOIN_TIMEOUT_S = 5.0


class MainStream(QObject):
    """Decoder of one camera's main stream. Use from the GUI thread.

    Signals: picture_ready() when `take` has a newer picture (one signal until it was taken).
    A plain thread rather than a QThread: that one aborts the program when its object is
    collected while it runs; this one ends by itself.
    """

    picture_ready = Signal()

    def __init__(self, camera_id: str) -> None:
        super().__init__()
        self.camera_id = camera_id
        myself = weakref.ref(self)

        def announce() -> None:
            stream = myself()
            if stream is not None:
                stream.picture_ready.emit()

        self._loop = DecodeLoop(camera_id, announce)
        self._thread = threading.Thread(
            target=self._loop.run, name=f"main stream {camera_id}", daemon=True
        )
        weakref.finalize(self, self._loop.stop)

    @property
    def decoder_errors(self) -> int:
        """Packets that could not be decoded, and headers of codecs unknown here."""
        return self._loop.decoder_errors

    @property
    def skipped(self) -> int:
        """Packets given up before a keyframe, or because decoding fell behind."""
        return self._loop.skipped

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def feed(self, media: AnyMedia, mono_ns: int) -> None:
        """Queue what arrived at that moment; never waits for the decoder."""
        self._loop.feed(media, mono_ns)

    def take(self) -> DecodedPicture | None:
        """The newest picture not yet taken."""
        return self._loop.take()

    def stop(self) -> None:
        """End the thread and wait for the packet it has in hand; idempotent."""
        self._loop.stop()
        if not self._thread.is_alive():
            return
        self._thread.join(_JOIN_TIMEOUT_S)
        if self._thread.is_alive():
            logger.error("%s: the decoder of the main stream did not stop", self.camera_id)
