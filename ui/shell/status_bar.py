"""The bar below: is everything being recorded, is there room, does the detector keep up."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from nvr_app.contract.api import SystemStatus
from nvr_app.contract.status import CameraStatus, ModelStatus
from ui.shell.words import bytes_text, uptime_text
from ui.theme.tokens import SPACE_3, SPACE_4, STATUS_BAR_HEIGHT
from ui.widgets.elided_label import ElidedLabel

_LITTLE_ROOM = 0.05


class StatusBar(QWidget):
    """Shows; whoever knows tells it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(STATUS_BAR_HEIGHT)
        self._recording, self._disk, self._detector = QLabel(), QLabel(), ElidedLabel()
        self._message, self._engine, self._cpu = ElidedLabel(), QLabel(), QLabel()
        for label, name in (
            (self._recording, self.tr("Recording")), (self._disk, self.tr("Disk")),
            (self._detector, self.tr("Detector")), (self._message, self.tr("Message")),
            (self._engine, self.tr("Engine")), (self._cpu, self.tr("Load")),
        ):  # fmt: skip
            label.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_3, 0, SPACE_3, 0)
        row.setSpacing(SPACE_4)
        for label in (self._recording, self._disk, self._detector, self._message):
            row.addWidget(label)
        row.addStretch(1)
        row.addWidget(self._engine)
        row.addWidget(self._cpu)
        self._connection = ""

    def set_connection(self, sentence: str) -> None:
        """Why there is no engine, empty when there is."""
        self._connection = sentence
        if sentence:
            _tell(self._recording, self.tr("Engine not reachable"), "critical")
            for label in (self._disk, self._engine, self._cpu):
                label.clear()
            for label in (self._recording, self._disk, self._engine, self._cpu):
                label.setToolTip("")
            _tell(self._detector, sentence)
            self._detector.set_hint("")

    def set_cameras(self, cameras: Iterable[CameraStatus]) -> None:
        """How many of them are being recorded."""
        if self._connection:
            return
        told = tuple(cameras)
        wanted = [status for status in told if status.status not in {"paused", "stopped"}]
        recording = sum(status.recording for status in told)
        text = self.tr("Recording {} of {}").format(recording, len(told))
        _tell(self._recording, text, "text" if recording >= len(wanted) else "critical")
        missing = [s.name or s.camera_id for s in wanted if not s.recording]
        self._recording.setToolTip(
            self.tr("Not recording: {}").format(", ".join(missing)) if missing else ""
        )

    def set_detector(self, model: ModelStatus, analysed_fps: float) -> None:
        """What is recognised, and how quickly."""
        if self._connection:
            return
        if model.state == "ready":
            _tell(
                self._detector,
                self.tr("AI {rate:.0f} fps, {time:.0f} ms").format(
                    rate=analysed_fps, time=model.inference_ms_p50
                ),
            )
        else:
            words = {
                "missing": self.tr("No detection model installed"),
                "broken": self.tr("The detection model is broken"),
                "disabled": self.tr("Detection is switched off"),
                "loading": self.tr("Detector is starting"),
            }
            tone = "warn" if model.state in {"missing", "broken"} else ""
            _tell(self._detector, words.get(model.state, model.state), tone)
        self._detector.set_hint(model.detail)

    def set_system(self, status: SystemStatus) -> None:
        """Room, uptime, load."""
        if self._connection:
            return
        total = max(status.disk_total_bytes, 1)
        share = status.disk_free_bytes / total
        _tell(
            self._disk,
            self.tr("Disk {:.0f} % free").format(share * 100),
            "critical" if share < _LITTLE_ROOM else "",
        )
        self._disk.setToolTip(
            self.tr("{} free of {}").format(bytes_text(status.disk_free_bytes), bytes_text(total))
        )
        _tell(self._engine, self.tr("Engine up {}").format(uptime_text(status.uptime_s)))
        _tell(self._cpu, self.tr("CPU {:.0f} %").format(status.cpu_percent))
        self._cpu.setToolTip(self.tr("All processes of the recorder, in % of one core"))

    def show_message(self, sentence: str) -> None:
        """A short notice; empty takes it away."""
        _tell(self._message, sentence)


def _tell(label: QLabel, text: str, tone: str = "") -> None:
    if label.text() != text:
        label.setText(text)
    if label.property("tone") != tone:
        label.setProperty("tone", tone)
        label.style().unpolish(label)
        label.style().polish(label)
