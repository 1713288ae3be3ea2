"""Storage on the system page: what is held, how full each root is, how long it will fit."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from nvr_app.contract.api import RootUsage
from nvr_app.contract.storage import CameraForecast, RootForecastView, StorageView
from ui.shell.words import bytes_text
from ui.theme.tokens import DARK, RADIUS_BOX, SPACE_1, SPACE_2, SPACE_3

_BAR_HEIGHT = SPACE_2
_NEARLY_FULL = 0.85
_MOST_CAMERAS = 16
"""More than these would push the rest of the page away; the API tells all."""


class StorageCard(QWidget):
    """Shows a `StorageView`; asks nothing itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = self._label("")
        self.sentence.setAccessibleName(self.tr("How long footage fits"))
        self.warning = self._label("")
        self.warning.setStyleSheet(f"color: {DARK.warn};")
        self.warning.setAccessibleName(self.tr("Storage warning"))
        self.warning.hide()
        self.cameras = self._label("hint")
        self.cameras.setAccessibleName(self.tr("Growth by camera"))
        self._roots: dict[str, _RootRow] = {}
        self._rows = QVBoxLayout()
        self._rows.setSpacing(SPACE_3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_3)
        for part in (self.sentence, self.warning):
            column.addWidget(part)
        column.addLayout(self._rows)
        column.addWidget(self.cameras)

    def take(self, view: StorageView) -> None:
        """Show this."""
        self.sentence.setText(view.sentence or self.tr("Being measured …"))
        self.warning.setText(view.warning)
        self.warning.setVisible(bool(view.warning))
        named = {root.usage.name for root in view.roots}
        for name in [name for name in self._roots if name not in named]:
            self._roots.pop(name).deleteLater()
        for root in view.roots:
            row = self._roots.get(root.usage.name)
            if row is None:
                row = self._roots[root.usage.name] = _RootRow(self)
                self._rows.addWidget(row)
            row.take(root)
        lines = [_camera_words(camera) for camera in view.cameras[:_MOST_CAMERAS]]
        lines += [
            self.tr("{}: bucket {}, {}").format(b.name, b.bucket, b.storage_class)
            + (f"\n{b.fault}" if b.fault else "")
            for b in view.buckets
        ]
        self.cameras.setText("\n".join(lines))
        self.cameras.setVisible(bool(lines))

    def clear(self) -> None:
        """What was true a while ago is not claimed any more."""
        self.sentence.setText("-")
        self.warning.hide()
        self.cameras.hide()
        while self._roots:
            self._roots.popitem()[1].deleteLater()

    def root_texts(self) -> list[str]:
        """What is said of each root."""
        return [row.text.text() for row in self._roots.values()]

    def _label(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label


class _RootRow(QWidget):
    """One root: words and a bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.bar = _Bar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_1)
        column.addWidget(self.text)
        column.addWidget(self.bar)

    def take(self, root: RootForecastView) -> None:
        usage = root.usage
        self.text.setText(_root_words(root))
        self.bar.set_shares(used=_share(usage, usage.used_bytes), full=_fullness(usage))
        self.bar.setAccessibleName(
            self.tr("{}: {:.0f} % in use").format(usage.name, 100 * _fullness(usage))
        )


class _Bar(QWidget):
    """How much is in use: footage in full colour, what else lies on the disk muted."""

    def __init__(self) -> None:
        super().__init__()
        self._used = self._full = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_shares(self, *, used: float, full: float) -> None:
        """0 to 1 each; repainted only when they changed."""
        shares = (min(max(used, 0.0), 1.0), min(max(full, 0.0), 1.0))
        if shares != (self._used, self._full):
            self._used, self._full = shares
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(SPACE_3, _BAR_HEIGHT)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        colour = DARK.warn if self._full >= _NEARLY_FULL else DARK.motion
        parts = ((1.0, DARK.raised), (self._full, DARK.line), (min(self._used, self._full), colour))
        for share, name in parts:
            if share > 0:
                painter.setBrush(QColor(name))
                width = max(round(self.width() * share), RADIUS_BOX)
                rect = QRect(0, 0, width, self.height())
                painter.drawRoundedRect(rect, RADIUS_BOX, RADIUS_BOX)
        painter.end()


def _fullness(usage: RootUsage) -> float:
    disk = 1.0 - usage.free_bytes / usage.total_bytes if usage.total_bytes else 0.0
    quota = usage.used_bytes / usage.quota_bytes if usage.quota_bytes else 0.0
    return max(disk, quota)


def _share(usage: RootUsage, size_bytes: int) -> float:
    whole = usage.quota_bytes or usage.total_bytes
    return size_bytes / whole if whole else 0.0


def _root_words(root: RootForecastView) -> str:
    usage = root.usage
    parts = [
        f"{usage.name} ({_role(usage.role)})",
        _tr("{} of footage").format(bytes_text(usage.used_bytes)),
    ]
    if usage.quota_bytes:
        parts.append(_tr("quota {}").format(bytes_text(usage.quota_bytes)))
    if usage.total_bytes:
        free = (bytes_text(usage.free_bytes), bytes_text(usage.total_bytes))
        parts.append(_tr("{} free of {}").format(*free))
    if root.days_until_full is not None:
        parts.append(_tr("full in {}").format(_days(root.days_until_full)))
    words = " · ".join(parts)
    return f"{words}\n{usage.fault}" if usage.fault else words


def _camera_words(camera: CameraForecast) -> str:
    rate = (
        _tr("{} a day").format(bytes_text(camera.bytes_per_day))
        if camera.bytes_per_day
        else _tr("too little yet to tell")
    )
    held = _tr("{} held").format(_days(camera.held_days))
    if camera.promised_days is None:
        return f"{camera.camera_id}: {rate} · {held}"
    promised = _tr("{:g} days promised").format(camera.promised_days)
    return f"{camera.camera_id}: {rate} · {held} · {promised}"


def _days(days: float) -> str:
    return _tr("{:.0f} days").format(days) if days >= 2 else _tr("{:.0f} h").format(days * 24)


def _role(role: str) -> str:
    return {"hot": _tr("hot"), "warm": _tr("warm"), "cold": _tr("cold")}[role]


def _tr(text: str) -> str:
    return QCoreApplication.translate("StorageCard", text)
