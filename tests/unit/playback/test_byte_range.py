"""What a Range header asks for."""

import pytest

from engine.playback.byte_range import ByteRange, UnsatisfiableRangeError, choose_range


@pytest.mark.parametrize(
    ("header", "start", "size"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 10),
        ("bytes=90-500", 90, 10),
        ("bytes=40-", 40, 60),
        ("bytes=-30", 70, 30),
        ("bytes=-500", 0, 100),
    ],
)
def test_one_range_is_cut_to_the_file(header, start, size):
    assert choose_range(header, 100) == ByteRange(start, size)


@pytest.mark.parametrize("header", ["", "bytes=", "bytes=-", "bytes=0-1,4-5", "lines=1-2",
                                    "bytes=9-3", "bytes=a-b"])  # fmt: skip
def test_what_cannot_be_understood_means_the_whole_file(header):
    assert choose_range(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-120", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_had(header):
    with pytest.raises(UnsatisfiableRangeError):
        choose_range(header, 100)


def test_nothing_can_be_had_of_an_empty_file():
    with pytest.raises(UnsatisfiableRangeError):
        choose_range("bytes=0-", 0)
