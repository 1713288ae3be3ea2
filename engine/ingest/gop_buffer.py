"""The packets since the last keyframe: a desk that joins sees a picture at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.media.source import SourcePacket, StreamInfo
from nvr_app.contract.live import AnyMedia, MediaHeader, MediaPacket

_MOST_BYTES = 24 * 1024**2

Listener = Callable[[AnyMedia], None]


class GopBuffer:
    """Filled by the reading thread, read by any; listeners are called in the reading thread."""

    def __init__(self, camera_id: str, role: str) -> None:
        self._camera_id = camera_id
        self._role = role
        self._lock = threading.Lock()
        self._packets: list[MediaPacket] = []
        self._size_bytes = 0
        self._header: MediaHeader | None = None
        self._listeners: dict[int, Listener] = {}
        self._info: StreamInfo | None = None

    def begin(self, info: StreamInfo) -> None:
        """A connection was opened: decoders must start anew."""
        header = MediaHeader(
            camera_id=self._camera_id,
            role=self._role,
            codec=info.codec,
            width=info.width,
            height=info.height,
            extradata=info.extradata,
            audio_codec=info.audio_codec,
            audio_rate=info.audio_rate,
            audio_channels=info.audio_channels,
            audio_extradata=info.audio_extradata,
        )
        with self._lock:
            self._info = info
            self._header = header
            self._packets.clear()
            self._size_bytes = 0
            for listen in self._listeners.values():
                listen(header)

    def take(self, packet: SourcePacket, wall_us: int) -> None:
        """Keep a copy of a packet and pass it on."""
        media = MediaPacket(
            pts_us=packet.pts_us,
            wall_us=wall_us,
            is_keyframe=packet.is_keyframe,
            data=bytes(packet.packet),
            is_audio=not packet.is_video,
        )
        with self._lock:
            if packet.is_video and packet.is_keyframe:
                self._packets.clear()
                self._size_bytes = 0
            if self._size_bytes + len(media.data) > _MOST_BYTES:
                # A GOP this large cannot be kept; joining desks wait for the next keyframe.
                self._packets.clear()
                self._size_bytes = 0
            elif self._packets or (packet.is_video and packet.is_keyframe):
                self._packets.append(media)
                self._size_bytes += len(media.data)
            for listen in self._listeners.values():
                listen(media)

    def add_listener(self, relay_id: int, listen: Listener) -> bool:
        """Send header and buffered GOP, then everything new; False before a connection."""
        with self._lock:
            if self._header is None:
                return False
            listen(self._header)
            for packet in self._packets:
                listen(
                    MediaPacket(
                        pts_us=packet.pts_us,
                        wall_us=packet.wall_us,
                        is_keyframe=packet.is_keyframe,
                        data=packet.data,
                        is_audio=packet.is_audio,
                        buffered=True,
                    )
                )
            self._listeners[relay_id] = listen
            return True

    def remove_listener(self, relay_id: int) -> None:
        """Stop sending; unknown ids are ignored."""
        with self._lock:
            self._listeners.pop(relay_id, None)

    def video(self) -> tuple[StreamInfo, list[bytes]] | None:
        """The stream's facts and the coded pictures since the keyframe; None when empty."""
        with self._lock:
            if self._info is None or not self._packets:
                return None
            return self._info, [p.data for p in self._packets if not p.is_audio]
