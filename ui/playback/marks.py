"""Bookmarks and protected footage: what there is, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ui.timeline.words import clock_of, date_of, length_text
from ui.timeline.zone import Zone

MARK = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex


class Mark(NamedTuple):
    """One bookmark or protection."""

    kind: Literal["bookmark", "protection"]
    mark_id: str
    title: str
    start_wall_us: int
    end_wall_us: int
    camera_ids: tuple[str, ...]
    """Empty: all cameras."""
    text: str = ""
    actor: str = ""
    until_wall_us: int | None = None
    """Of a protection; None: until somebody lifts it."""


def range_text(start_us: int, end_us: int, zone: Zone) -> str:
    """20:50:30 → 20:53:10 · 2 min 40 s; a moment is told as one."""
    start = f"{date_of(start_us, zone)} {clock_of(start_us, zone)}"
    if end_us <= start_us:
        return start
    end = clock_of(end_us, zone)
    if zone.local(start_us).date() != zone.local(end_us).date():
        end = f"{date_of(end_us, zone)} {end}"
    return f"{start} → {end} · {length_text(end_us - start_us)}"


class MarkListModel(QAbstractListModel):
    """Newest first. Use from the GUI thread."""

    def __init__(
        self, name_of: Callable[[str], str], zone: Zone, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._name_of = name_of
        self._zone = zone
        self._marks: list[Mark] = []

    def reset(self, marks: Iterable[Mark]) -> None:
        """What there is now."""
        self.beginResetModel()
        self._marks = sorted(marks, key=lambda mark: mark.start_wall_us, reverse=True)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._marks)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        mark = self._marks[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                when = range_text(mark.start_wall_us, mark.end_wall_us, self._zone)
                return f"{mark.title} · {when}"
            case Qt.ItemDataRole.ToolTipRole:
                return self._tool_tip(mark)
            case _ if role == MARK:
                return mark
        return None

    def cameras_text(self, mark: Mark) -> str:
        """Whose footage it is about."""
        if not mark.camera_ids:
            return self.tr("all cameras")
        return ", ".join(self._name_of(camera_id) for camera_id in mark.camera_ids)

    def _tool_tip(self, mark: Mark) -> str:
        lines = [mark.title, range_text(mark.start_wall_us, mark.end_wall_us, self._zone)]
        lines.append(self.cameras_text(mark))
        if mark.text:
            lines.append(mark.text)
        if mark.kind == "protection":
            until = mark.until_wall_us
            lines.append(
                self.tr("protected until somebody lifts it")
                if until is None
                else self.tr("protected until {}").format(
                    f"{date_of(until, self._zone)} {clock_of(until, self._zone)}"
                )
            )
        if mark.actor:
            lines.append(self.tr("by {}").format(mark.actor))
        return "\n".join(lines)
