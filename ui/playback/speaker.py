"""The selected camera's sound on the desk's loudspeaker, kept close to the playback clock."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QIODevice, QObject, QTimer, Signal, Slot

from nvr_app.contract.endpoint import Endpoint
from ui.live.footage_media import SOUND_BYTES_PER_S, SOUND_RATE
from ui.playback.player import Player
from ui.playback.sound_track import SoundTrack

_TICK_MS = 40
_LEAD_US = 200_000
"""Written ahead of the picture, so that a late turn of the GUI's thread is not heard."""
_APART_US = 150_000
"""Further from the clock than that, sound jumps instead of running on."""
_JOIN_TIMEOUT_S = 3.0


class Speaker(QObject):
    """Plays sound while the player runs forwards at its own pace; silent otherwise.

    Use from the GUI thread. Signals: said(sentence) why nothing is heard; empty while all is well.
    """

    said = Signal(str)

    def __init__(self, player: Player, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self._endpoint: Endpoint | None = None
        self._track: SoundTrack | None = None
        self._sink: Any = None  # QtMultimedia is imported only where sound is wanted
        self._device: QIODevice | None = None
        self._written_us: int | None = None
        self._sentence: str | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)

    def set_endpoint(self, endpoint: Endpoint | None) -> None:
        """The engine to ask."""
        if endpoint != self._endpoint:
            camera_id = self._track.camera_id if self._track is not None else ""
            self._endpoint = endpoint
            self.listen("")
            self.listen(camera_id)

    def listen(self, camera_id: str) -> None:
        """Play this camera's sound; empty: none."""
        if self._track is not None:
            if self._track.camera_id == camera_id:
                return
            self._track.stop()
            self._track = None
        self._written_us = None
        if not camera_id or self._endpoint is None:
            self._timer.stop()
            self._close()
            self._say("")
            return
        player = self._player
        self._track = SoundTrack(camera_id, self._endpoint, lambda: player.position_us)
        self._track.start()
        self._timer.start()

    def stop(self) -> None:
        """Let go of the loudspeaker; idempotent."""
        track = self._track
        self.listen("")
        if track is not None:
            track.join(_JOIN_TIMEOUT_S)

    @Slot()
    def _tick(self) -> None:
        track, player = self._track, self._player
        if track is None:
            return
        if not player.is_moving or player.rate != 1.0:
            self._written_us = None
            self._close()
            return
        position_us = player.position_us
        if self._written_us is None or abs(position_us + _LEAD_US - self._written_us) > (
            _LEAD_US + _APART_US
        ):
            track.aim(position_us)
            self._written_us = position_us
        if self._device is None and not self._open():
            return
        self._say(self.tr("This camera was recorded without sound.") if track.is_silent else "")
        self._write(track, position_us)

    def _write(self, track: SoundTrack, position_us: int) -> None:
        if self._device is None or self._sink is None or self._written_us is None:
            return
        free_us = self._sink.bytesFree() * 1_000_000 // SOUND_BYTES_PER_S
        until_us = min(position_us + _LEAD_US, self._written_us + free_us)
        if until_us > self._written_us:
            data = track.read(self._written_us, until_us)
            self._device.write(data)
            self._written_us += len(data) * 1_000_000 // SOUND_BYTES_PER_S

    def _open(self) -> bool:
        """Whether there is a loudspeaker that takes our samples; says so when not."""
        from PySide6.QtMultimedia import (  # noqa: PLC0415  it looks for devices when imported
            QAudioFormat,
            QAudioSink,
            QMediaDevices,
        )

        output = QMediaDevices.defaultAudioOutput()
        if output.isNull():
            self._say(self.tr("This desk has no loudspeaker: no sound can be heard."))
            return False
        wanted = QAudioFormat()
        wanted.setSampleRate(SOUND_RATE)
        wanted.setChannelCount(2)
        wanted.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        if not output.isFormatSupported(wanted):
            self._say(
                self.tr("The loudspeaker {name} takes no 48 kHz stereo sound.").format(
                    name=output.description()
                )
            )
            return False
        self._sink = QAudioSink(output, wanted, self)
        self._sink.setBufferSize(SOUND_BYTES_PER_S // 2)
        self._device = self._sink.start()
        return self._device is not None

    def _close(self) -> None:
        sink, self._sink, self._device = self._sink, None, None
        if sink is not None:
            sink.stop()
            sink.deleteLater()

    def _say(self, sentence: str) -> None:
        if sentence != self._sentence:
            self._sentence = sentence
            self.said.emit(sentence)
