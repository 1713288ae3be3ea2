"""The desk's end of a frame ring, on real rings: right colours, newest first, never torn."""

from __future__ import annotations

import time

import numpy as np
import pytest

from nvr_app.contract.frame_ring import FrameRingReader, FrameRingWriter, ring_name
from ui.live.media import Converter, wrap_i420
from ui.live.ring_feed import RateLimit, RingFeed

RED, GREEN, BLUE = (81, 90, 240), (145, 54, 34), (41, 240, 110)
"""Y, Cb, Cr of pure colours in limited range, BT.601."""


@pytest.fixture
def ring():
    writers = []

    def make(width=64, height=36, slots=4):
        writer = FrameRingWriter(ring_name("test", "c1"), width, height, slots)
        writers.append(writer)
        return writer

    yield make
    for writer in writers:
        writer.close()


@pytest.fixture
def feed():
    made = RingFeed(RateLimit(1000.0, 0))
    yield made
    made.close()


def fill(data, width, height, colour):
    chroma = ((width + 1) // 2) * ((height + 1) // 2)
    pixels = np.frombuffer(data, np.uint8)
    pixels[: width * height] = colour[0]
    pixels[width * height : width * height + chroma] = colour[1]
    pixels[width * height + chroma :] = colour[2]


def push(writer, colour, mono_ns=None):
    fill(writer.begin(), writer.ref.width, writer.ref.height, colour)
    return writer.publish(
        pts_us=0,
        wall_us=time.time_ns() // 1000,
        mono_ns=time.monotonic_ns() if mono_ns is None else mono_ns,
        motion=False,
        due_number=0,
    )


def middle(shot):
    image = shot.bitmap.image
    return at(shot, image.width() // 2, image.height() // 2)


def at(shot, x, y):
    colour = shot.bitmap.image.pixelColor(x, y)
    return colour.red(), colour.green(), colour.blue()


@pytest.mark.parametrize(
    ("colour", "rgb"), [(RED, (255, 0, 0)), (GREEN, (0, 255, 0)), (BLUE, (0, 0, 255))]
)
@pytest.mark.parametrize("size", [(64, 36), (63, 35), (480, 270), (640, 361)])
def test_colours_arrive_as_they_were(ring, feed, colour, rgb, size):
    writer = ring(*size)
    push(writer, colour)
    feed.follow(writer.ref)
    shot = feed.shoot(50, 28, 1)
    assert (shot.bitmap.image.width(), shot.bitmap.image.height()) == (50, 28)
    corners = [at(shot, x, y) for x in (0, 25, 49) for y in (0, 14, 27)]
    assert corners == [pytest.approx(rgb, abs=4)] * 9
    assert (shot.picture_width, shot.picture_height) == size


def test_left_stays_left_and_top_stays_top():
    data = bytearray(64 * 36 * 3 // 2)
    pixels = np.frombuffer(data, np.uint8)
    pixels[:] = 128
    luma = pixels[: 64 * 36].reshape(36, 64)
    luma[:] = 16
    luma[:18, :32] = 235
    image = Converter().convert(wrap_i420(memoryview(data), 64, 36), 32, 18).image
    lit = [image.pixelColor(x, y).red() > 200 for x, y in ((4, 4), (28, 4), (4, 14), (28, 14))]
    assert lit == [True, False, False, False]


def test_the_newest_picture_is_taken_once(ring, feed):
    writer = ring()
    feed.follow(writer.ref)
    assert feed.shoot(64, 36, 1) is None
    push(writer, RED, mono_ns=11)
    push(writer, GREEN, mono_ns=12)
    shot = feed.shoot(64, 36, 1)
    assert shot.mono_ns == 12
    assert middle(shot) == pytest.approx((0, 255, 0), abs=4)
    assert feed.shoot(64, 36, 10**12) is None
    assert feed.shoot(32, 18, 10**12, again=True).mono_ns == 12


def test_a_picture_outlives_its_slot(ring, feed):
    writer = ring(slots=2)
    push(writer, RED)
    feed.follow(writer.ref)
    shot = feed.shoot(64, 36, 1)
    for _ in range(4):
        push(writer, BLUE)
    assert middle(shot) == pytest.approx((255, 0, 0), abs=4)


class _Overtaken(Converter):
    """A writer laps the reader while it converts."""

    def __init__(self, writer):
        super().__init__()
        self._writer = writer

    def convert(self, frame, width, height):
        for _ in range(self._writer.ref.slots):
            push(self._writer, BLUE)
        return super().convert(frame, width, height)


def test_a_picture_overwritten_while_converting_is_dropped_and_counted(ring, feed):
    writer = ring(slots=2)
    push(writer, RED)
    feed.follow(writer.ref)
    calm, feed._converter = feed._converter, _Overtaken(writer)
    assert feed.shoot(64, 36, 1) is None
    assert feed.torn == 1
    feed._converter = calm
    assert feed.shoot(64, 36, 1) is not None


def test_a_ring_closed_by_its_writer_gives_nothing_and_the_next_one_is_followed(ring, feed):
    first, second = ring(), ring(32, 18)
    push(first, RED)
    push(second, GREEN)
    feed.follow(first.ref)
    first.close()
    assert feed.shoot(64, 36, 1) is None
    assert not feed.is_attached
    feed.retry()
    assert not feed.is_attached
    feed.follow(second.ref)
    assert middle(feed.shoot(64, 36, 1)) == pytest.approx((0, 255, 0), abs=4)


def test_a_ring_that_appears_later_is_attached_by_a_retry(ring, feed):
    writer = ring()
    push(writer, RED)
    feed.follow(writer.ref)
    other = writer.ref.__class__(name=writer.ref.name + "-x", width=64, height=36, slots=4)
    feed.follow(other)
    assert not feed.is_attached
    assert feed.shoot(64, 36, 1) is None
    late = FrameRingWriter(other.name, 64, 36, 4)
    try:
        push(late, BLUE)
        feed.retry()
        assert feed.shoot(64, 36, 1) is not None
    finally:
        late.close()


def test_letting_go_leaves_no_view_behind(ring, feed):
    writer = ring()
    push(writer, RED)
    feed.follow(writer.ref)
    feed.shoot(64, 36, 1)
    feed.full_size()
    feed.close()  # raises BufferError while anything still looks at the memory
    feed.close()
    assert FrameRingReader(writer.ref).latest == 1


def shown_of(rate_fps, limit, seconds=10, poll_ms=15):
    """Pictures let through, and the longest wait, when polled like the wall polls."""
    period, shown, waits, seen = 1e9 / rate_fps, 0, [], -1
    for now in range(0, int(seconds * 1e9), poll_ms * 1_000_000):
        newest = int(now / period)
        if newest != seen and limit.is_due(now):
            limit.spend(now)
            shown += 1
            waits.append(now - newest * period)
            seen = newest
    return shown, max(waits) / 1e6


def test_the_limit_thins_out_what_is_too_fast():
    shown, _ = shown_of(30, RateLimit(15.0, 30_000_000))
    assert 148 <= shown <= 153


@pytest.mark.parametrize("rate", [5, 10, 12.5, 15])
def test_the_limit_adds_no_delay_to_what_keeps_the_rate(rate):
    shown, longest_wait_ms = shown_of(rate, RateLimit(15.0, 30_000_000))
    assert shown == pytest.approx(10 * rate, abs=1)
    assert longest_wait_ms <= 15
