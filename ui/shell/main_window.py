"""The desk's window: it joins what the engine says with the widgets that show it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QByteArray, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeyEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QLabel,
    QMainWindow,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from nvr_app.contract.api import SystemStatus
from nvr_app.contract.status import CameraStatus, ModelStatus
from ui.cameras.camera_tree import CameraTree
from ui.client.engine_client import EngineClient
from ui.events.event_feed import EventFeed
from ui.events.events_page import EventsPage
from ui.events.events_panel import EventsPanel
from ui.evidence.evidence_page import EvidencePage
from ui.playback.marking import Marking
from ui.playback.page import PlaybackPage
from ui.shell.foot import Foot
from ui.shell.full_screen import FullScreen
from ui.shell.page_stack import PageStack
from ui.shell.status_bar import StatusBar
from ui.shell.top_bar import TopBar
from ui.system.system_page import SystemPage
from ui.theme.tokens import DARK, Palette
from ui.timeline.panel import TimelinePanel
from ui.wall.layouts import LAYOUTS
from ui.wall.moment import read_moment
from ui.wall.wall_widget import WallWidget

_SYSTEM_MS = 3_000
_MESSAGE_MS = 6_000
_GOODBYE_MS = 1_400
_LIVE, _EVENTS, _SYSTEM, _EVIDENCE = 0, 1, 2, 3
_LEFT, _RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
_BELOW = Qt.DockWidgetArea.BottomDockWidgetArea


class MainWindow(QMainWindow):
    """Live wall and its past, events, system. Signals: closed(sentence) once it is closed."""

    closed = Signal(str)

    def __init__(
        self, client: EngineClient, settings: QSettings, *, palette: Palette = DARK
    ) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("NVR"))
        self._client = client
        self._settings = settings
        self._cameras: dict[str, CameraStatus] = {}
        self._model = ModelStatus(state="loading", detail="")
        self._is_leaving = False
        self._is_full_list_due = True
        self.wall = WallWidget(settings, palette=palette)
        self.tree = CameraTree(palette=palette)
        self.panel = EventsPanel(client.http, self._name_of, settings, palette=palette)
        self._feed = EventFeed(client.http, self.panel, self)
        self.events_page = EventsPage(client.http, self._name_of)
        self.system_page = SystemPage(client.http)
        self.evidence_page = EvidencePage(client.http)
        self.timeline = TimelinePanel(client.http, self._name_of, _now_us, palette=palette)
        self.marking = Marking(
            client.http, self.timeline, self._name_of, _now_us, self, palette=palette
        )
        self.playback = PlaybackPage(
            client.http, self.wall, self.timeline, self.marking, _now_us, self
        )
        self._sections = (
            (self.tr("Live"), "F2", partial(self.show_page, _LIVE)),
            (self.tr("Playback"), "F5", self.show_playback),
            (self.tr("Events"), "F3", partial(self.show_page, _EVENTS)),
            (self.tr("System"), "F4", partial(self.show_page, _SYSTEM)),
            (self.tr("Evidence"), "F6", partial(self.show_page, _EVIDENCE)),
        )
        self.top_bar = TopBar(
            [(title, key) for title, key, _ in self._sections],
            [layout.name for layout in LAYOUTS],
        )
        self.status_bar = StatusBar()
        self.pages = PageStack()
        self._banner = QLabel(self)
        self._message_timer = QTimer(self)
        self._system_timer = QTimer(self)
        self._lay_out()
        self._make_actions()
        self._connect()
        self._restore()

    @property
    def recording(self) -> int:
        """How many cameras are being recorded, as the engine said last."""
        return sum(status.recording for status in self._cameras.values())

    def show_page(self, index: int) -> None:
        """0 live, 1 events, 2 system, 3 evidence; the panels stay beside all of them."""
        self.playback.leave(for_a_while=index != _LIVE)
        self._turn_to(index)

    def show_playback(self, wall_us: int | None = None) -> None:
        """The wall, looking back: at that moment, or half a minute ago."""
        self.playback.enter(wall_us)

    def toggle_full_screen(self) -> None:
        """The wall alone, or the window as it was."""
        if not self._full_screen.is_on:
            self._turn_to(_LIVE)
        self._full_screen.toggle()
        self.wall.setFocus()

    # Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._full_screen.is_on:
            self.toggle_full_screen()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Say that recording goes on, then go."""
        if not self._is_leaving:
            event.ignore()
            self._say_goodbye()
            return
        super().closeEvent(event)

    # Inside

    def _turn_to(self, index: int) -> None:
        is_wall = index == _LIVE
        if not self._full_screen.is_on:
            self._foot.follow_wall(is_wall=is_wall)
        self.pages.setCurrentIndex(index)
        section = index if is_wall and not self.playback.is_playback else index + 1
        self.top_bar.show_section(section, has_wall=is_wall)
        if is_wall:
            self.wall.setFocus()

    def _mode_changed(self) -> None:
        self._turn_to(_LIVE)

    def _name_of(self, camera_id: str) -> str:
        status = self._cameras.get(camera_id)
        return status.name or camera_id if status is not None else camera_id

    def _lay_out(self) -> None:
        for page in (self.wall, self.events_page, self.system_page, self.evidence_page):
            self.pages.addWidget(page)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.pages, 1)
        self.setMenuWidget(self.top_bar)
        self.setCentralWidget(middle)
        self._docks = (
            self._dock(self.tr("Cameras"), "cameras", self.tree, _LEFT),
            self._dock(self.tr("Events"), "events", self.panel, _RIGHT),
        )
        self._foot = Foot(self.timeline, self._settings, self)
        self.addDockWidget(_BELOW, self._foot)
        for corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.BottomRightCorner):
            self.setCorner(corner, _BELOW)
        self._full_screen = FullScreen(
            self, (self.top_bar, self.statusBar(), self._foot, *self._docks)
        )
        holder = self.statusBar()
        holder.setSizeGripEnabled(False)
        holder.setContentsMargins(0, 0, 0, 0)
        holder.setFixedHeight(self.status_bar.height())
        holder.setStyleSheet("QStatusBar::item { border: none; } QStatusBar { padding: 0; }")
        holder.addWidget(self.status_bar, 1)
        self._banner.setObjectName("banner")
        self._banner.hide()
        self.resize(1600, 900)
        self.resizeDocks(list(self._docks), [216, 348], Qt.Orientation.Horizontal)

    def _dock(
        self, title: str, name: str, content: QWidget, area: Qt.DockWidgetArea
    ) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(content)
        self.addDockWidget(area, dock)
        # A title bar would cost height all night; the menu and F9, F10 do the same.
        dock.setTitleBarWidget(QWidget())
        return dock

    def _make_actions(self) -> None:
        tree, events = self._docks
        menu = self.top_bar.menu
        for dock, key in ((tree, "F9"), (events, "F10")):
            action = dock.toggleViewAction()
            action.setShortcut(key)
            self.addAction(action)
            menu.addAction(action)
        self._foot.toggle.setShortcut("F8")
        self.addAction(self._foot.toggle)
        menu.addAction(self._foot.toggle)
        floating = QAction(self.tr("Events in a window of their own"), self)
        floating.setCheckable(True)
        floating.triggered.connect(self._float_events)
        events.topLevelChanged.connect(floating.setChecked)
        events.topLevelChanged.connect(self._give_title_bar)
        menu.addAction(floating)
        for _, key, show in self._sections:
            self._action("", key, show)
        menu.addAction(self._action(self.tr("Wall alone"), "F11", self.toggle_full_screen))
        menu.addAction(self._action(self.tr("Keep the picture"), "Alt+S", self._keep_picture))
        menu.addAction(self._action(self.tr("Export the range"), "Ctrl+E", self._export_range))
        self._action("", "Ctrl+F", self._search_cameras)
        for action in self.top_bar.layout_actions.values():
            self.addAction(action)
        self.playback.add_keys()
        menu.addSeparator()
        menu.addAction(self._action(self.tr("Stop the engine …"), "", self._ask_to_stop))
        menu.addAction(self._action(self.tr("Close the window"), "Ctrl+Q", self.close))

    def _action(self, text: str, key: str, done: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        if key:
            action.setShortcut(key)
        action.triggered.connect(done)
        self.addAction(action)
        return action

    def _connect(self) -> None:
        client, wall = self._client, self.wall
        client.connection_changed.connect(self._connection_changed)
        client.resynced.connect(self._resync)
        client.cameras_changed.connect(self._take_cameras)
        client.camera_removed.connect(self._camera_removed)
        client.tracks_moved.connect(wall.set_tracks)
        client.fact_noted.connect(self._feed.take_fact)
        client.fact_noted.connect(self.marking.feed.take_fact)
        client.model_changed.connect(self._take_model)
        client.media_arrived.connect(wall.feed_media)
        self._feed.refused.connect(self.show_message)
        wall.main_stream_wanted.connect(client.watch_main)
        wall.main_stream_released.connect(client.release_main)
        wall.selected.connect(self.tree.select)
        wall.layout_changed.connect(self.top_bar.show_layout)
        wall.message.connect(self.show_message)
        wall.snapshot_saved.connect(
            lambda path: self.show_message(self.tr("Picture kept: {}").format(path))
        )
        self.tree.selected.connect(self._choose_camera)
        self.tree.activated.connect(self._look_at)
        self.panel.chosen.connect(self._choose_camera)
        self.panel.played.connect(self.playback.play_event)
        self.events_page.played.connect(self.playback.play_event)
        self.events_page.shown_on_wall.connect(self._look_at)
        self.top_bar.section_chosen.connect(lambda index: self._sections[index][2]())
        self.playback.mode_changed.connect(self._mode_changed)
        self.playback.alone_changed.connect(self._mode_changed)
        self.playback.message.connect(self.show_message)
        self.playback.export_wanted.connect(lambda *_: self._export_range())
        self.playback.offer_export()
        self.timeline.model.refused.connect(self.show_message)
        self.top_bar.layout_chosen.connect(self._choose_layout)
        self._message_timer.setSingleShot(True)
        self._message_timer.setInterval(_MESSAGE_MS)
        self._message_timer.timeout.connect(lambda: self.status_bar.show_message(""))
        self._system_timer.setInterval(_SYSTEM_MS)
        self._system_timer.timeout.connect(self._ask_system)

    def show_message(self, sentence: str) -> None:
        """A notice in the status bar, for a few seconds."""
        self.status_bar.show_message(sentence)
        self._message_timer.start()

    def _connection_changed(self, sentence: str) -> None:
        self.wall.set_connection(sentence or None)
        self.status_bar.set_connection(sentence)
        self.playback.set_connection(sentence)
        if sentence:
            self._system_timer.stop()
            self._feed.stop()

    def _resync(self) -> None:
        self._is_full_list_due = True
        self._feed.resync()
        self.playback.resync()
        self._ask_system()
        self._system_timer.start()

    def _take_cameras(self, cameras: tuple[CameraStatus, ...]) -> None:
        """After a resync all of them, be it none; otherwise news of some."""
        is_full, self._is_full_list_due = self._is_full_list_due, False
        before = {camera_id: status.name for camera_id, status in self._cameras.items()}
        told = {status.camera_id: status for status in cameras}
        self._cameras = told if is_full else self._cameras | told
        if is_full:
            self.wall.set_cameras(list(cameras))
            self.tree.set_cameras(cameras)
        else:
            self.wall.update_cameras(cameras)
            self.tree.update_cameras(cameras)
        if {camera_id: status.name for camera_id, status in self._cameras.items()} != before:
            self.events_page.set_cameras(self._cameras.values())
            self.evidence_page.set_cameras(self._cameras.values())
        self._show_counts()

    def _camera_removed(self, camera_id: str) -> None:
        self._cameras.pop(camera_id, None)
        self.wall.remove_camera(camera_id)
        self.tree.remove_camera(camera_id)
        self.playback.forget(camera_id)
        self.events_page.set_cameras(self._cameras.values())
        self.evidence_page.set_cameras(self._cameras.values())
        self._show_counts()

    def _show_counts(self) -> None:
        statuses = tuple(self._cameras.values())
        self.status_bar.set_cameras(statuses)
        rate = sum(status.analysed_fps for status in statuses)
        self.status_bar.set_detector(self._model, rate)

    def _take_model(self, model: ModelStatus) -> None:
        if (model.state, model.detail) != (self._model.state, self._model.detail):
            self.panel.set_model_status(model)
        self._model = model
        self._show_counts()

    def _ask_system(self) -> None:
        self._client.http.get(
            "/api/v1/system/status", SystemStatus, self.status_bar.set_system, lambda _: None
        )

    def _choose_camera(self, camera_id: str) -> None:
        """Select it on the wall; where one camera fills the wall, it takes its place."""
        if self.wall.maximised_camera:
            self.wall.maximise(camera_id)
        self.wall.select(camera_id)

    def _look_at(self, camera_id: str) -> None:
        """The camera now: whoever asks for it means the present."""
        self.show_page(_LIVE)
        self.wall.maximise(camera_id)

    def _choose_layout(self, name: str) -> None:
        self._turn_to(_LIVE)
        self.wall.set_layout(name)

    def _export_range(self) -> None:
        """The timeline's range of the chosen camera, of all without one, ready to be exported."""
        camera_id = self.wall.maximised_camera or self.wall.selected_camera
        span = self.marking.span_of("protection")
        self.show_page(_EVIDENCE)
        self.evidence_page.panel.choose([camera_id] if camera_id else list(self._cameras), *span)

    def _search_cameras(self) -> None:
        self._docks[0].show()
        self.tree.search.setFocus()
        self.tree.search.selectAll()

    def _keep_picture(self) -> None:
        self.wall.save_snapshot(self.wall.maximised_camera or self.wall.selected_camera)

    def _float_events(self, is_floating: bool) -> None:
        self._docks[1].setFloating(is_floating)
        self._docks[1].show()

    def _give_title_bar(self, is_floating: bool) -> None:
        """A window of its own needs something to hold it by; within this one it would cost room."""
        dock = self._docks[1]
        dock.setTitleBarWidget(None if is_floating else QWidget())  # type: ignore[arg-type]

    def _ask_to_stop(self) -> None:
        answer = QMessageBox.question(
            self,
            self.tr("Stop the engine?"),
            self.tr("Recording of all cameras ends until the engine is started again."),
            QMessageBox.StandardButton.Cancel | QMessageBox.StandardButton.Yes,
            QMessageBox.StandardButton.Cancel,
        )
        if answer == QMessageBox.StandardButton.Yes:
            self._client.http.post(
                "/shutdown",
                lambda _: self.show_message(self.tr("The engine is stopping.")),
                self.show_message,
            )

    def goodbye_sentence(self) -> str:
        """What becomes of the recording when the window is closed."""
        if not self._client.is_connected:
            return self.tr("The engine is not reachable from this window.")
        return self.tr("Recording goes on: {} of {} cameras.").format(
            self.recording, len(self._cameras)
        )

    def _say_goodbye(self) -> None:
        self._is_leaving = True
        self._remember()
        sentence = self.goodbye_sentence()
        self._banner.setText(sentence)
        self._banner.adjustSize()
        self._banner.move(
            (self.width() - self._banner.width()) // 2, (self.height() - self._banner.height()) // 2
        )
        self._banner.show()
        self._banner.raise_()
        QTimer.singleShot(_GOODBYE_MS, self, lambda: self._leave(sentence))

    def _leave(self, sentence: str) -> None:
        self.playback.shutdown()
        self.wall.shutdown()
        self._client.stop()
        self.close()
        self.closed.emit(sentence)

    def _remember(self) -> None:
        if not self._full_screen.is_on:
            self._settings.setValue("window/geometry", self.saveGeometry())
        self._settings.setValue("window/state", self._full_screen.state)
        self._settings.sync()

    def _restore(self) -> None:
        geometry = self._settings.value("window/geometry")
        state = self._settings.value("window/state")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        else:
            self.resize(self.size().boundedTo(self.screen().availableGeometry().size()))
        if isinstance(state, QByteArray):
            self.restoreState(state)
        self.top_bar.show_layout(self.wall.layout_name)
        self.show_page(_LIVE)


def _now_us() -> int:
    """The present on this desk's clock."""
    return read_moment().wall_us
