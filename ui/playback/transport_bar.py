"""The bar above the timeline: play, step, speed, where one is, and how much time is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from nvr_app.contract.timebase import US_PER_S
from ui.playback.go_to_field import GoToField
from ui.playback.icons import Sign, icon
from ui.playback.keys import Do, hint_of, title_of
from ui.playback.speed_steps import SPEEDS, speed_text
from ui.theme.tokens import DARK, SPACE_1, SPACE_2, SPACE_3, TARGET_MIN, Palette
from ui.timeline.zone import Zone
from ui.wall.marks import ink

_MINUTE_US = 60 * US_PER_S
_SPANS = ((24 * 60 * _MINUTE_US, "24 h"), (60 * _MINUTE_US, "1 h"), (10 * _MINUTE_US, "10 min"),
          (_MINUTE_US, "1 min"))  # fmt: skip


class TransportBar(QWidget):
    """Signals: asked(Do) · speed_chosen(float) · time_chosen(wall_us) · span_chosen(µs)
    · day_chosen() · closed() when the field for a time was left.

    No button takes the focus: each has its key, and Space must always mean play or pause.
    """

    asked = Signal(object)
    speed_chosen = Signal(float)
    time_chosen = Signal(object)
    span_chosen = Signal(object)
    day_chosen = Signal()
    closed = Signal()

    def __init__(
        self,
        zone: Zone,
        now_us: Callable[[], int],
        parent: QWidget | None = None,
        *,
        palette: Palette = DARK,
    ) -> None:
        super().__init__(parent)
        self._tokens = palette
        self.buttons: dict[Do, QToolButton] = {}
        self.go_to = GoToField(zone, now_us)
        self.go_to.chosen.connect(self.time_chosen)
        self.go_to.closed.connect(self.closed)
        self._speed = QToolButton()
        self._moment = QToolButton()
        self._subject = QLabel()
        self._subject.setObjectName("hint")
        self._subject.setAccessibleName(self.tr("Camera whose row stands above"))
        self._state: tuple[bool, bool, float, bool] | None = None
        self._lay_out()
        self.show_state(is_past=False, is_playing=False, speed=1.0, is_alone=False)

    def show_state(self, *, is_past: bool, is_playing: bool, speed: float, is_alone: bool) -> None:
        """What is being done, and what can be done."""
        state = (is_past, is_playing, speed, is_alone)
        if state == self._state:
            return
        self._state = state
        tokens = self._tokens
        runs_on = is_playing and speed > 0
        runs_back = is_playing and speed < 0
        play, back = self.buttons[Do.PLAY], self.buttons[Do.BACKWARDS]
        play.setIcon(icon(Sign.PAUSE if is_playing else Sign.PLAY, ink(
            tokens.on_accent if is_playing else tokens.text)))  # fmt: skip
        _style(play, "on" if runs_on or runs_back else "")
        _style(back, "on" if runs_back else "")
        back.setIcon(icon(Sign.BACKWARDS, ink(tokens.on_accent if runs_back else tokens.text)))
        _style(self.buttons[Do.LIVE], "" if is_past else "live")
        self.buttons[Do.LIVE].setText(self.tr("LIVE (L)") if is_past else self.tr("LIVE"))
        self._speed.setText(speed_text(speed))
        for do in (Do.PLAY, Do.BACKWARDS, Do.FRAME_BACK, Do.FRAME_ON, Do.SOUND):
            self.buttons[do].setEnabled(is_past)
        self._speed.setEnabled(is_past)
        _style(self.buttons[Do.ALONE], "on" if is_alone else "")

    def show_sound(self, *, is_on: bool) -> None:
        """Whether the chosen camera is heard."""
        sign = Sign.SOUND if is_on else Sign.SILENCE
        self.buttons[Do.SOUND].setIcon(icon(sign, ink(self._tokens.text)))

    def offer_export(self) -> None:
        """There is somebody who exports."""
        self.buttons[Do.EXPORT].show()

    def show_marks(self, *, is_open: bool) -> None:
        """Whether the list of marks stands beside the timeline."""
        _style(self.buttons[Do.MARKS], "on" if is_open else "")

    def show_moment(self, text: str) -> None:
        """Date and time that one looks at."""
        self._moment.setText(text)

    def show_subject(self, name: str) -> None:
        """The camera that the upper row and the keys are about."""
        self._subject.setText(name)

    # Inside

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_3, SPACE_1, SPACE_3, 0)
        row.setSpacing(SPACE_1)
        signs = (
            (Do.EVENT_BACK, Sign.EVENT_BACK), (Do.FRAME_BACK, Sign.FRAME_BACK),
            (Do.BACKWARDS, Sign.BACKWARDS), (Do.PLAY, Sign.PLAY),
            (Do.FRAME_ON, Sign.FRAME_ON), (Do.EVENT_ON, Sign.EVENT_ON),
        )  # fmt: skip
        for do, sign in signs:
            row.addWidget(self._button(do, sign))
        row.addSpacing(SPACE_1)
        row.addWidget(self._button(Do.LIVE))
        row.addWidget(self._make_speed())
        row.addWidget(self._button(Do.SOUND, Sign.SILENCE))
        row.addSpacing(SPACE_2)
        row.addWidget(self._make_moment())
        row.addWidget(self.go_to)
        row.addStretch(1)
        row.addWidget(self._subject)
        row.addSpacing(SPACE_2)
        for do in (Do.ALONE, Do.MARK_START, Do.MARK_END, Do.BOOKMARK, Do.PROTECT, Do.EXPORT,
                   Do.MARKS):  # fmt: skip
            row.addWidget(self._button(do))
        self.buttons[Do.EXPORT].hide()
        row.addSpacing(SPACE_3)
        for span_us, text in _SPANS:
            row.addWidget(self._span(span_us, text))
        row.addWidget(self._day())

    def _button(self, do: Do, sign: Sign | None = None) -> QToolButton:
        button = _tool_button(hint_of(do))
        texts = {
            Do.LIVE: self.tr("LIVE (L)"), Do.ALONE: self.tr("Alone (A)"), Do.MARK_START: "[",
            Do.MARK_END: "]", Do.BOOKMARK: self.tr("Bookmark"), Do.PROTECT: self.tr("Protect"),
            Do.MARKS: self.tr("Marks (M)"), Do.EXPORT: self.tr("Export"),
        }  # fmt: skip
        if sign is None:
            button.setText(texts[do])
        else:
            button.setIcon(icon(sign, ink(self._tokens.text)))
        button.setAccessibleName(title_of(do))
        button.clicked.connect(lambda: self.asked.emit(do))
        self.buttons[do] = button
        return button

    def _make_speed(self) -> QToolButton:
        menu = QMenu(self)
        for speed in (*(-speed for speed in reversed(SPEEDS)), *SPEEDS):
            menu.addAction(speed_text(speed), partial(self.speed_chosen.emit, speed))
        _dress(self._speed, self.tr("Speed: slower with -, faster with +"))
        self._speed.setAccessibleName(self.tr("Speed"))
        self._speed.setMenu(menu)
        self._speed.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._speed.setMinimumWidth(72)
        return self._speed

    def _make_moment(self) -> QToolButton:
        _dress(self._moment, hint_of(Do.GO_TO))
        self._moment.setObjectName("moment")
        self._moment.setAccessibleName(self.tr("Time that is looked at"))
        self._moment.clicked.connect(lambda: self.asked.emit(Do.GO_TO))
        return self._moment

    def _span(self, span_us: int, text: str) -> QToolButton:
        button = _tool_button(self.tr("Show {} on the timeline (wheel zooms)").format(text))
        button.setText(text)
        button.clicked.connect(lambda: self.span_chosen.emit(span_us))
        return button

    def _day(self) -> QToolButton:
        button = _tool_button(self.tr("Show the whole local day on the timeline"))
        button.setText(self.tr("Day"))
        button.clicked.connect(self.day_chosen)
        return button


def _tool_button(hint: str) -> QToolButton:
    button = QToolButton()
    _dress(button, hint)
    return button


def _dress(button: QToolButton, hint: str) -> None:
    button.setToolTip(hint)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setMinimumSize(TARGET_MIN, TARGET_MIN)


def _style(button: QToolButton, state: str) -> None:
    if button.property("state") != state:
        button.setProperty("state", state)
        button.style().unpolish(button)
        button.style().polish(button)
