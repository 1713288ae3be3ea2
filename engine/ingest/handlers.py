"""What a camera's packets become: recordings, relays, pictures."""

from __future__ import annotations

import queue
import threading

from engine.base.measures import Measures
from engine.ingest.gop_buffer import GopBuffer
from engine.ingest.loss import LossCounter
from engine.ingest.preview import Preview
from engine.media.errors import SourceError
from engine.media.source import (
    EncodedPacket,
    MediaSource,
    SourcePacket,
    StreamInfo,
    copy_packet,
)
from engine.recording.recorder import Recorder
from nvr_app.contract.events import GapReason

# Two seconds of pictures: a decoder that falls further behind skips to the next keyframe.
_MOST_QUEUED = 60


class MainHandler:
    """Main stream: recorded, kept for relays and, without a substream, decoded as well."""

    def __init__(self, recorder: Recorder | None, gop: GopBuffer, preview: Preview | None) -> None:
        self._recorder = recorder
        self._gop = gop
        self._decoding = _DecodeThread(preview) if preview is not None else None
        self._loss = LossCounter()
        self.received_bytes = 0

    def start(self) -> None:
        if self._decoding is not None:
            self._decoding.start()

    def stop(self) -> None:
        if self._decoding is not None:
            self._decoding.stop()

    def begin(self, source: MediaSource) -> None:
        self._gop.begin(source.info)
        self._loss.begin(source.info.nominal_fps)
        if self._recorder is not None:
            self._recorder.begin(source)
        if self._decoding is not None:
            self._decoding.put(source.info)

    def take(self, packet: SourcePacket, wall_us: int, mono_ns: int) -> None:
        self.received_bytes += packet.packet.size
        self._gop.take(packet, wall_us)
        if packet.is_video:
            self._loss.take(packet.pts_us)
            if self._decoding is not None:
                self._decoding.put_packet(packet, wall_us, mono_ns)
        if self._recorder is not None:
            # Last: the segment takes the packet with its timestamps.
            self._recorder.take(packet, mono_ns)

    def end(self, error: SourceError | None) -> None:
        if self._recorder is not None:
            reason: GapReason = "camera_lost"
            if error is None:
                reason = "paused"
            elif error.fault == "refused":
                reason = "refused"
            self._recorder.end(str(error) if error else "stopped in order", reason)

    def measure(self, camera_id: str, measures: Measures) -> None:
        """Report what was lost before it reached us."""
        lost, percent = self._loss.report()
        if lost:
            measures.count("surveillance_lost_packets", camera_id, amount=lost)
        measures.level("surveillance_frame_drop_rate", camera_id, "network", value=percent)


class SubHandler:
    """Substream: kept for relays, decoded for eyes and analysis, in the reading thread."""

    def __init__(self, gop: GopBuffer, preview: Preview) -> None:
        self._gop = gop
        self._preview = preview
        self._wall_us = 0

    def begin(self, source: MediaSource) -> None:
        self._gop.begin(source.info)
        self._preview.begin(source.info)

    def take(self, packet: SourcePacket, wall_us: int, mono_ns: int) -> None:
        self._gop.take(packet, wall_us)
        if packet.is_video:
            self._wall_us = wall_us
            if self._preview.rests(mono_ns, is_keyframe=packet.is_keyframe):
                return
            self._preview.take(packet.packet, packet.pts_us, wall_us, mono_ns)

    def end(self, error: SourceError | None) -> None:
        del error
        self._preview.pause(self._wall_us)


class _DecodeThread:
    """Decodes a main stream beside its recording, which must not wait for a decoder."""

    def __init__(self, preview: Preview) -> None:
        self._preview = preview
        self._queue: queue.Queue[StreamInfo | tuple[EncodedPacket, int, int, int] | None] = (
            queue.Queue(_MOST_QUEUED)
        )
        self._skipping = False
        self._thread = threading.Thread(target=self._run, name="decode", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join(2.0)

    def put(self, info: StreamInfo) -> None:
        """A new connection; waits for room, which the decoder makes within milliseconds."""
        self._queue.put(info)

    def put_packet(self, packet: SourcePacket, wall_us: int, mono_ns: int) -> None:
        """Queue a copy (the recorder rewrites the original's timestamps)."""
        if self._preview.rests(mono_ns, is_keyframe=packet.is_keyframe):
            return
        if self._skipping and not packet.is_keyframe:
            return
        copy = copy_packet(packet.packet)
        try:
            self._queue.put_nowait((copy, packet.pts_us, wall_us, mono_ns))
            self._skipping = False
        except queue.Full:
            self._skipping = True

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, StreamInfo):
                self._preview.begin(item)
            else:
                self._preview.take(*item)
