"""The camera tree: state by shape and colour and word, search, choice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from nvr_app.contract.status import CameraStatus
from ui.cameras.tree_model import CAMERA_ID, MARK, RATE, TONE, CameraTreeModel
from ui.theme.tokens import (
    DARK,
    FONT_LABEL,
    RADIUS_CARD,
    SPACE_1,
    SPACE_2,
    SPACE_3,
    TARGET_MIN,
    TREE_WIDTH,
    Palette,
)
from ui.wall.marks import draw_mark, ink

Index = QModelIndex | QPersistentModelIndex
_MARK_SIDE = 9


class _CameraDelegate(QStyledItemDelegate):
    """Draws one row: ● name … rate; a location is a small heading."""

    def __init__(self, palette: Palette, parent: QWidget) -> None:
        super().__init__(parent)
        self._tokens = palette

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        del option
        is_place = index.data(CAMERA_ID) is None
        return QSize(TREE_WIDTH - SPACE_3, TARGET_MIN + (SPACE_2 if is_place else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens = self._tokens
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        font = QFont(option.font)
        painter.save()
        text = str(index.data(Qt.ItemDataRole.DisplayRole))
        middle = Qt.AlignmentFlag.AlignVCenter
        if index.data(CAMERA_ID) is None:
            font.setPixelSize(FONT_LABEL)
            font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
            painter.setPen(ink(tokens.text_secondary))
            lower = rect.adjusted(SPACE_3, SPACE_2, -SPACE_2, 0)
            painter.drawText(lower, middle, text.upper())
            painter.restore()
            return
        row = rect.adjusted(SPACE_2, 1, -SPACE_2, -1)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink(tokens.hover))
            painter.drawRoundedRect(row, RADIUS_CARD, RADIUS_CARD)
        tone = ink(str(getattr(tokens, index.data(TONE).value)))
        place = QPointF(row.left() + SPACE_3, row.center().y() + 0.5)
        draw_mark(painter, index.data(MARK), tone, place, _MARK_SIDE)
        self._write(painter, row, text, str(index.data(RATE)), font)
        painter.restore()

    def _write(self, painter: QPainter, row: QRect, name: str, rate: str, font: QFont) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font)
        rate_width = painter.fontMetrics().horizontalAdvance(rate) + SPACE_2
        inner = row.adjusted(SPACE_3 * 2, 0, -rate_width - SPACE_1, 0)
        painter.setPen(ink(self._tokens.text))
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, middle, shown)
        painter.setPen(ink(self._tokens.text_secondary))
        right = row.adjusted(0, 0, -SPACE_2, 0)
        painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, rate)


class CameraTree(QWidget):
    """Signals: selected(camera_id) · activated(camera_id) by double click or Enter."""

    selected = Signal(str)
    activated = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, palette: Palette = DARK) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = CameraTreeModel(self)
        self._shown = QSortFilterProxyModel(self)
        self._shown.setSourceModel(self.model)
        self._shown.setRecursiveFilteringEnabled(True)
        self._shown.setAutoAcceptChildRows(True)  # a location's name finds its cameras
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search cameras (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(self.tr("Search cameras"))
        self.search.setToolTip(self.tr("Name or location of a camera (Ctrl+F); Enter chooses"))
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._choose_first)
        self.search.installEventFilter(self)
        self.view = QTreeView()
        self.view.setModel(self._shown)
        self.view.setHeaderHidden(True)
        self.view.setRootIsDecorated(False)
        self.view.setIndentation(0)
        self.view.setItemsExpandable(False)
        self.view.setMouseTracking(True)
        self.view.setUniformRowHeights(False)
        self.view.setAccessibleName(self.tr("Cameras"))
        self.view.setItemDelegate(_CameraDelegate(palette, self.view))
        self.view.selectionModel().currentChanged.connect(self._current_changed)
        self.view.activated.connect(self._activate)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_1, SPACE_2, SPACE_1, SPACE_2)
        column.addWidget(self.search)
        column.addWidget(self.view)
        self.setMinimumWidth(TREE_WIDTH - SPACE_3 * 4)
        self._is_told = False
        self._chosen = ""

    def set_cameras(self, cameras: Iterable[CameraStatus]) -> None:
        """The full list."""
        with self._telling():
            self.model.set_cameras(cameras)

    def update_cameras(self, cameras: Iterable[CameraStatus]) -> None:
        """News of some."""
        with self._telling():
            self.model.update_cameras(cameras)

    def remove_camera(self, camera_id: str) -> None:
        """It leaves the tree; an unknown one is no error."""
        with self._telling():
            self.model.remove_camera(camera_id)

    def select(self, camera_id: str) -> None:
        """Follow the wall's selection without answering it."""
        item = self.model.item_of(camera_id)
        if item is None:
            return
        self._chosen = camera_id
        with self._telling():
            pass

    def sizeHint(self) -> QSize:
        return QSize(TREE_WIDTH, 400)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Esc in the search field empties it; a second one is somebody else's."""
        is_escape = event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape  # type: ignore[attr-defined]
        if watched is self.search and is_escape and self.search.text():
            self.search.clear()
            return True
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    def _filter(self, text: str) -> None:
        with self._telling():
            self._shown.setFilterFixedString(text)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Rows that come, go or move take nobody's choice along, and make none."""
        self._is_told = True
        try:
            yield
            self.view.expandAll()
            item = self.model.item_of(self._chosen)
            index = QModelIndex() if item is None else self._shown.mapFromSource(item.index())
            if self.view.currentIndex() != index:
                self.view.setCurrentIndex(index)
        finally:
            self._is_told = False

    def _choose_first(self) -> None:
        """Enter in the search field: the first camera that is listed."""
        for row in range(self._shown.rowCount()):
            place = self._shown.index(row, 0)
            if self._shown.rowCount(place):
                self.view.setCurrentIndex(self._shown.index(0, 0, place))
                return

    def _current_changed(self, current: QModelIndex) -> None:
        camera_id = current.data(CAMERA_ID)
        if camera_id and not self._is_told:
            self._chosen = camera_id
            self.selected.emit(camera_id)

    def _activate(self, index: QModelIndex) -> None:
        if camera_id := index.data(CAMERA_ID):
            self.activated.emit(camera_id)
