"""Looking back on the wall: all tiles under one clock, or one tile alone while the rest is live."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence

from nvr_app.contract.timebase import US_PER_S
from ui.client.http import EngineHttp
from ui.playback.keys import KEYS, Do, title_of
from ui.playback.look_back import LookBack
from ui.playback.marking import Marking
from ui.playback.search import Search
from ui.playback.speed_steps import faster, reversed_speed, slower
from ui.playback.tile_menu import open_tile_menu
from ui.timeline.panel import TimelinePanel
from ui.timeline.words import clock_of
from ui.wall.wall_widget import WallWidget

_BEFORE_NOW_US = 30 * US_PER_S
"""How far back playback begins when nobody says where."""
_BEFORE_EVENT_US = 5 * US_PER_S
_SCRUB_MS = 60
_CURSOR_MS = 40
"""The player tells its moment up to a hundred times a second; nobody sees more than this."""
_LIVE_EDGE_US = 2 * US_PER_S


class PlaybackPage(QObject):
    """Joins wall, timeline and players. Use from the GUI thread.

    Signals: mode_changed(bool) when all tiles begin or cease to look back · message(sentence)
    · alone_changed(camera_id, bool) · export_wanted(camera ids, (start, end) in µs): offered once
    `offer_export` was called.
    """

    mode_changed = Signal(bool)
    message = Signal(str)
    alone_changed = Signal(str, bool)
    export_wanted = Signal(object, object)

    def __init__(
        self,
        http: EngineHttp,
        wall: WallWidget,
        panel: TimelinePanel,
        marking: Marking,
        now_us: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._http = http
        self._wall = wall
        self._panel = panel
        self._marking = marking
        self._now_us = now_us
        self._search = Search(http, self)
        self._everyone: LookBack | None = None
        self._alone: dict[str, LookBack] = {}
        self._left_at_us = 0
        self._is_sound_on = False
        self._scrub_us = 0
        self._scrub = QTimer(self)
        self._scrub.setSingleShot(True)
        self._scrub.setInterval(_SCRUB_MS)
        self._scrub.timeout.connect(self._scrub_now)
        self._cursor = QTimer(self)
        self._cursor.setSingleShot(True)
        self._cursor.setInterval(_CURSOR_MS)
        self._cursor.timeout.connect(self._show_cursor)
        wall.selected.connect(self._choose_camera)
        wall.placed.connect(self._wall_placed)
        wall.menu_wanted.connect(lambda camera_id, at: open_tile_menu(wall, camera_id, at, self.do))
        panel.sought.connect(self.go_to)
        panel.scrubbed.connect(self._scrub_to)
        panel.bar.asked.connect(self.do)
        panel.bar.time_chosen.connect(self.go_to)
        panel.bar.speed_chosen.connect(self.play_at)
        panel.bar.closed.connect(wall.setFocus)
        marking.chosen.connect(self._go_to_mark)
        marking.message.connect(self.message)
        marking.left.connect(wall.setFocus)
        marking.shown.connect(self._fit_panel)

    def add_keys(self) -> None:
        """They hold where wall or timeline have the focus: elsewhere letters stay letters."""
        for do, keys in KEYS.items():
            if do is Do.EXPORT:  # the window's own key: an export can be begun from every page
                continue
            action = QAction(title_of(do), self)
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(partial(self.do, do))
            for place in (self._wall, self._panel):
                place.addAction(action)

    def offer_export(self) -> None:
        """Whoever hears `export_wanted` calls this: the button appears."""
        self._panel.bar.offer_export()

    # What it is

    @property
    def is_playback(self) -> bool:
        """Whether all tiles look back."""
        return self._everyone is not None

    @property
    def current(self) -> LookBack | None:
        """What keys and timeline are about: the chosen tile's own, else everyone's; None: live."""
        return self._alone.get(self.camera_id) or self._everyone

    @property
    def camera_id(self) -> str:
        """The camera in question; empty when none is chosen."""
        return self._wall.maximised_camera or self._wall.selected_camera

    # What a person asks for

    def enter(self, wall_us: int | None = None) -> None:
        """All tiles look back, at that moment, or where they did before, or half a minute ago."""
        moment = wall_us or self._left_at_us or self._now_us() - _BEFORE_NOW_US
        if self._everyone is not None:
            self._everyone.seek(moment)
            return
        for camera_id in tuple(self._alone):
            self._end_alone(camera_id)
        self._everyone = self._make()
        self._everyone.seek(moment)
        self._everyone.set_cameras(self._shown())
        self._everyone.play(1.0)
        self._hear()
        self._fit_panel()
        self.mode_changed.emit(True)
        self._panel.timeline.go_to(moment)
        self._show()

    def leave(self, *, for_a_while: bool = False) -> None:
        """All tiles show the present again; idempotent. `enter` comes back here after a while."""
        if self._everyone is not None:
            self._left_at_us = self._everyone.position_us if for_a_while else 0
        for camera_id in tuple(self._alone):
            self._end_alone(camera_id)
        if self._everyone is not None:
            self._everyone.close()
            self._everyone = None
            self._fit_panel()
            self.mode_changed.emit(False)
        self._show()

    def look_alone(self, camera_id: str, wall_us: int | None = None) -> None:
        """One tile looks back while the rest is live; where all look back it is no question."""
        if self._everyone is not None or not camera_id:
            return
        if camera_id in self._alone:
            self._end_alone(camera_id)
        else:
            alone = self._make()
            self._alone[camera_id] = alone
            alone.seek(self._now_us() - _BEFORE_NOW_US if wall_us is None else wall_us)
            alone.set_cameras((camera_id,))
            alone.play(1.0)
            self._hear()
            self.alone_changed.emit(camera_id, True)
        self._show()

    def play_event(self, camera_id: str, start_wall_us: int) -> None:
        """The footage of an event, from five seconds before it."""
        self._wall.select(camera_id)
        self.enter(start_wall_us - _BEFORE_EVENT_US)

    @Slot(object)
    def go_to(self, wall_us: int) -> None:
        """Look at that moment; from the present all tiles go there. The present itself is live."""
        self._scrub.stop()
        current = self.current
        if current is None:
            if self._now_us() - wall_us > _LIVE_EDGE_US:
                self.enter(wall_us)
            else:
                self._show()
        else:
            current.seek(min(wall_us, self._now_us()))
            self._panel.timeline.go_to(wall_us)
            self._show()

    @Slot(float)
    def play_at(self, speed: float) -> None:
        """Play so fast; a negative speed goes backwards."""
        if self.current is not None:
            self.current.play(speed)

    @Slot(object)
    def do(self, what: Do) -> None:
        """A key or a button of looking back."""
        done: dict[Do, Callable[[], None]] = {
            Do.LIVE: self._back_to_live,
            Do.ALONE: lambda: self.look_alone(self.camera_id),
            Do.GO_TO: lambda: self._panel.bar.go_to.open(self._panel.timeline.cursor_us),
            Do.MARK_START: lambda: self._panel.timeline.mark(is_end=False),
            Do.MARK_END: lambda: self._panel.timeline.mark(is_end=True),
            Do.EVENT_BACK: lambda: self._find_event(forward=False),
            Do.EVENT_ON: lambda: self._find_event(forward=True),
            Do.FOOTAGE_ON: self.find_footage,
            Do.BOOKMARK: lambda: self._marking.ask("bookmark", self.camera_id),
            Do.PROTECT: lambda: self._marking.ask("protection", self.camera_id),
            Do.MARKS: self._marking.toggle,
            Do.EXPORT: self._export,
        }
        if what in done:
            done[what]()
        elif self.current is not None:
            self._drive(self.current, what)

    def find_footage(self) -> None:
        """The next moment that was recorded of the camera in question."""
        moment = self._panel.timeline.cursor_us
        none = self.tr("No footage within a day after {}").format(self._clock(moment))
        self._search.find_footage(
            self.camera_id, moment, forward=True,
            found=partial(self._found, none), refused=self.message.emit,
        )  # fmt: skip

    def set_connection(self, sentence: str) -> None:
        """Why the engine is out of reach; nothing is asked for until it is back."""
        if sentence:
            for look_back in self._all():
                look_back.set_endpoint(None)

    def resync(self) -> None:
        """Another engine, or the same again: what was asked for is asked for anew."""
        self._panel.forget_failures()
        self._marking.feed.resync()
        for look_back in self._all():
            look_back.set_endpoint(self._http.endpoint)

    def forget(self, camera_id: str) -> None:
        """The camera left the settings."""
        self._end_alone(camera_id)
        self._wall_placed()

    def shutdown(self) -> None:
        """End all players; idempotent."""
        self._scrub.stop()
        self._panel.model.stop()
        for look_back in self._all():
            look_back.shutdown()
        self._everyone, self._alone = None, {}

    # Inside

    def _drive(self, current: LookBack, what: Do) -> None:
        match what:
            case Do.PLAY:
                current.pause() if current.is_playing else current.play(abs(current.speed))
            case Do.BACKWARDS:
                runs_back = current.is_playing and current.speed < 0
                current.play(reversed_speed(current.speed) if runs_back else -abs(current.speed))
            case Do.FASTER:
                current.play(faster(current.speed))
            case Do.SLOWER:
                current.play(slower(current.speed))
            case Do.SOUND:
                self._is_sound_on = not self._is_sound_on
                self._hear()
            case Do.FRAME_BACK | Do.FRAME_ON:
                current.step(1 if what is Do.FRAME_ON else -1)
            case _:
                pass

    def _make(self) -> LookBack:
        made = LookBack(self._panel.zone, self._wall.past_size, self)
        made.set_endpoint(self._http.endpoint)
        made.entered.connect(self._wall.look_back)
        made.picture.connect(self._wall.show_past)
        made.told.connect(self._wall.tell_past)
        made.left.connect(self._wall.return_to_live)
        made.moved.connect(partial(self._moved, made))
        made.changed.connect(self._show)
        made.edge_reached.connect(self._tell_edge)
        made.said.connect(self.message)
        return made

    def _all(self) -> tuple[LookBack, ...]:
        return (*self._alone.values(), *([self._everyone] if self._everyone else []))

    def _shown(self) -> tuple[str, ...]:
        return tuple(place.camera_id for place in self._wall.places() if place.camera_id)

    def _back_to_live(self) -> None:
        if self.camera_id in self._alone:
            self._end_alone(self.camera_id)
            self._show()
        else:
            self.leave()

    def _end_alone(self, camera_id: str) -> None:
        alone = self._alone.pop(camera_id, None)
        if alone is not None:
            alone.close()
            self.alone_changed.emit(camera_id, False)

    def _find_event(self, *, forward: bool) -> None:
        moment = self._panel.timeline.cursor_us
        template = (
            self.tr("No event within a day after {}")
            if forward
            else self.tr("No event within a day before {}")
        )
        self._search.find_event(
            self.camera_id, moment, forward=forward,
            found=partial(self._found, template.format(self._clock(moment))),
            refused=self.message.emit,
        )  # fmt: skip

    def _export(self) -> None:
        """The chosen camera's footage of the range, or around the moment; else of all tiles."""
        cameras = (self.camera_id,) if self.camera_id else self._shown()
        self.export_wanted.emit(cameras, self._marking.span_of("protection"))

    def _hear(self) -> None:
        """At most one camera is heard: the one in question, and only of the past."""
        current = self.current
        for look_back in self._all():
            is_heard = self._is_sound_on and look_back is current
            look_back.hear(self.camera_id if is_heard else "")
        self._panel.bar.show_sound(is_on=self._is_sound_on)

    def _go_to_mark(self, wall_us: int, camera_id: str) -> None:
        if camera_id:
            self._wall.select(camera_id)
        self.go_to(wall_us)

    @Slot()
    def _fit_panel(self) -> None:
        """Forms and lists need the room that stills have."""
        self._panel.set_tall(is_tall=self.is_playback or self._marking.is_shown)

    def _found(self, none: str, wall_us: int | None) -> None:
        if wall_us is None:
            self.message.emit(none)
        else:
            self.go_to(wall_us)

    def _scrub_to(self, wall_us: int) -> None:
        """On the way: pictures follow the mouse as fast as they come, not faster."""
        self._scrub_us = wall_us
        if self.current is not None and not self._scrub.isActive():
            self._scrub.start()

    def _scrub_now(self) -> None:
        if self.current is not None:
            self.current.seek(self._scrub_us, is_scrub=True)

    def _moved(self, look_back: LookBack, wall_us: int) -> None:
        del wall_us  # asked for when it is painted
        if look_back is self.current and not self._cursor.isActive():
            self._cursor.start()

    def _choose_camera(self, camera_id: str) -> None:
        self._panel.set_camera(camera_id)
        if self._everyone is not None:
            self._everyone.select(camera_id)
        self._hear()
        self._show()

    @Slot()
    def _wall_placed(self) -> None:
        """Other tiles are seen: they look back too, and the others cost nothing."""
        if self._everyone is not None:
            self._everyone.set_cameras(self._shown())
        for camera_id, alone in self._alone.items():
            alone.set_cameras((camera_id,))  # its tile may have another size
        self._show()

    def _tell_edge(self) -> None:
        self.message.emit(self.tr("The present is reached. L goes back to live."))

    @Slot()
    def _show(self) -> None:
        current = self.current
        self._show_cursor()
        self._panel.bar.show_state(
            is_past=current is not None,
            is_playing=current.is_playing if current else False,
            speed=current.speed if current else 1.0,
            is_alone=self.camera_id in self._alone,
        )

    @Slot()
    def _show_cursor(self) -> None:
        self._panel.set_cursor(self.current.position_us if self.current else None)

    def _clock(self, wall_us: int) -> str:
        return clock_of(wall_us, self._panel.zone)
