"""Where a tracked box will be: a Kalman filter with constant speed, one axis at a time.

Centre x, centre y, width and height are each filtered by themselves with a state of value and
speed. All noise is relative to the size of the box, so that near and far objects behave alike.
Written out in plain floats: with one to twenty tracks it is quicker than numpy's small arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

from nvr_app.contract.geometry import Box

# Shares of the box's size: how exact detections are, and how quickly speed changes in a second.
_MEASURE_STD = 0.06
_START_SPEED_STD = 1.0
_SPEED_CHANGE_STD = 0.6
_SIZE_CHANGE_STD = 0.25
# Without measurements the guess of the speed fades: who is hidden has often stopped.
_SPEED_HALF_LIFE_S = 1.0


@dataclass(frozen=True)
class _Axis:
    value: float
    speed: float
    var_value: float
    var_both: float
    var_speed: float

    def after(self, seconds: float, change_std: float) -> _Axis:
        fade = 0.5 ** (seconds / _SPEED_HALF_LIFE_S)
        noise = change_std * change_std * seconds
        step = seconds * (1 + fade) / 2
        return _Axis(
            self.value + self.speed * step,
            self.speed * fade,
            self.var_value
            + step * (2 * self.var_both + step * self.var_speed)
            + noise * seconds * seconds / 3,
            fade * (self.var_both + step * self.var_speed) + noise * seconds / 2,
            fade * fade * self.var_speed + noise,
        )

    def measured(self, value: float, std: float) -> _Axis:
        total = self.var_value + std * std
        gain, speed_gain = self.var_value / total, self.var_both / total
        surprise = value - self.value
        return _Axis(
            self.value + gain * surprise,
            self.speed + speed_gain * surprise,
            (1 - gain) * self.var_value,
            (1 - gain) * self.var_both,
            self.var_speed - speed_gain * self.var_both,
        )


@dataclass(frozen=True)
class MotionModel:
    """State of one track; every step gives a new one. Units: shares of the picture, seconds."""

    x: _Axis
    y: _Axis
    width: _Axis
    height: _Axis

    @property
    def box(self) -> Box:
        """The box as believed now, kept from turning inside out."""
        half_width = max(self.width.value, 1e-4) / 2
        half_height = max(self.height.value, 1e-4) / 2
        return Box(
            self.x.value - half_width,
            self.y.value - half_height,
            self.x.value + half_width,
            self.y.value + half_height,
        )

    def predicted(self, seconds: float) -> MotionModel:
        """The state so many seconds later, without having seen anything."""
        width, height = max(self.width.value, 1e-4), max(self.height.value, 1e-4)
        return MotionModel(
            self.x.after(seconds, _SPEED_CHANGE_STD * max(width, height)),
            self.y.after(seconds, _SPEED_CHANGE_STD * max(width, height)),
            self.width.after(seconds, _SIZE_CHANGE_STD * width),
            self.height.after(seconds, _SIZE_CHANGE_STD * height),
        )

    def corrected(self, box: Box) -> MotionModel:
        """The state after this box was seen."""
        std_x, std_y = _MEASURE_STD * max(box.width, 1e-4), _MEASURE_STD * max(box.height, 1e-4)
        return MotionModel(
            self.x.measured((box.x0 + box.x1) / 2, std_x),
            self.y.measured((box.y0 + box.y1) / 2, std_y),
            self.width.measured(box.width, std_x),
            self.height.measured(box.height, std_y),
        )


def motion_from(box: Box) -> MotionModel:
    """The state at first sight: speed unknown."""
    width, height = max(box.width, 1e-4), max(box.height, 1e-4)
    speed_std = _START_SPEED_STD * max(width, height)
    return MotionModel(
        _first((box.x0 + box.x1) / 2, width, speed_std),
        _first((box.y0 + box.y1) / 2, height, speed_std),
        _first(width, width, _SIZE_CHANGE_STD * width),
        _first(height, height, _SIZE_CHANGE_STD * height),
    )


def _first(value: float, size: float, speed_std: float) -> _Axis:
    std = _MEASURE_STD * size
    return _Axis(value, 0.0, std * std, 0.0, speed_std * speed_std)
