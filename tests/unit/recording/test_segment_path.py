import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recording.segment_path import SegmentName, parse_segment_path


@given(
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True),
    st.integers(min_value=1_000_000_000_000, max_value=4_000_000_000_000),
    st.from_regex(r"[0-9a-f]{8}", fullmatch=True),
    st.integers(min_value=1, max_value=10**6),
)
def test_a_path_tells_back_what_it_was_made_of(camera, start_ms, run, number):
    name = SegmentName(camera, start_ms * 1_000, run, number)
    assert parse_segment_path(name.path()) == name


def test_folders_are_utc_day_and_hour():
    name = SegmentName("gate", 1_767_225_599_123_000, "0a1b2c3d", 7)
    assert name.path() == "gate/2025-12-31/23/1767225599123-0a1b2c3d-7.mp4"


@pytest.mark.parametrize(
    "path",
    ["", "a.mp4", "gate/2025-12-31/23/note.txt", "gate/2025-12-31/23/1-2-3.mp4", "/etc/passwd"],
)
def test_foreign_files_are_not_ours(path):
    assert parse_segment_path(path) is None
