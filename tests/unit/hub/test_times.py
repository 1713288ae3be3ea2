import pytest

from engine.hub.api.errors import BadRequestError
from engine.hub.api.times import FAR_FUTURE_US, interval_us
from nvr_app.contract.timebase import iso_utc

NOON_US = 1_767_268_800_000_000


@pytest.mark.parametrize(
    "text", ["2026-01-01T12:00:00Z", "2026-01-01T13:00:00+01:00", iso_utc(NOON_US)]
)
def test_a_moment_is_read_in_every_zone(text):
    assert interval_us(text, None) == (NOON_US, FAR_FUTURE_US)


def test_without_bounds_it_is_all_of_time():
    assert interval_us(None, None) == interval_us("", "") == (0, FAR_FUTURE_US)


@pytest.mark.parametrize(
    ("start", "end", "word"),
    [
        ("yesterday", None, "start"),
        (None, "2026-13-01T00:00:00Z", "end"),
        (None, "9" * 400, "end"),
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "before start"),
    ],
)
def test_a_mistake_names_its_parameter(start, end, word):
    with pytest.raises(BadRequestError, match=word):
        interval_us(start, end)
