"""A camera's media time with its leaps taken out. Pure: no clock is read here."""

from __future__ import annotations

from engine.recording.cut_policy import is_jump


class MediaTime:
    """One connection's timestamps, packet by packet. One thread."""

    def __init__(self) -> None:
        self._stamp_us = 0
        self._last_us = 0
        self._last_mono_ns = 0
        self.shift_us = 0
        """Added to the camera's stamps: they then go on where they leapt."""
        self.pause_us = 0
        """Time between the last two arrivals."""

    def take(self, stamp_us: int, mono_ns: int) -> int:
        """Note a picture's stamp and arrival; by how much media time leapt, 0 when it did not."""
        leap_us = 0
        if self._last_mono_ns:
            self.pause_us = (mono_ns - self._last_mono_ns) // 1_000
            if stamp_us == self._stamp_us:
                # A camera whose clock stands still: the arrival is all there is to go by.
                self.shift_us += self.pause_us
            shifted_us = stamp_us + self.shift_us
            if is_jump(self._last_us, shifted_us, self._last_mono_ns, mono_ns):
                leap_us = shifted_us - self._last_us - self.pause_us
                self.shift_us -= leap_us
        self._stamp_us = stamp_us
        self._last_us = stamp_us + self.shift_us
        self._last_mono_ns = mono_ns
        return leap_us
