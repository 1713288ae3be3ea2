import subprocess
import sys
import textwrap

import pytest

from nvr_app.contract.frame_ring import (
    FrameRingReader,
    FrameRingWriter,
    picture_bytes,
    ring_name,
    sweep_rings,
)

OWNER = "unittest"


@pytest.fixture
def writer():
    writer = FrameRingWriter(ring_name(OWNER, "cam"), 64, 36, slots=3)
    yield writer
    writer.close()


def publish(writer, value, **facts):
    writer.begin()[:] = bytes([value]) * picture_bytes(64, 36)
    given = {"pts_us": 1, "wall_us": 2, "mono_ns": 3, "motion": False, "due_number": 0} | facts
    return writer.publish(**given)


def test_the_newest_picture_is_seen_with_its_facts(writer):
    reader = FrameRingReader(writer.ref)
    assert reader.latest == 0
    publish(writer, 7)
    number = publish(writer, 9, pts_us=40, wall_us=50, mono_ns=60, motion=True, due_number=5)
    info, data = reader.look(number)
    assert (info.pts_us, info.wall_us, info.mono_ns, info.motion, info.due_number) == (
        40, 50, 60, True, 5,
    )  # fmt: skip
    assert bytes(data[:4]) == b"\x09" * 4
    del data
    reader.close()


def test_an_overwritten_picture_is_refused(writer):
    reader = FrameRingReader(writer.ref)
    first = publish(writer, 1)
    assert reader.is_intact(first)
    for value in range(2, 6):
        publish(writer, value)
    assert reader.look(first) is None
    assert not reader.is_intact(first)
    reader.close()


def test_a_picture_being_written_is_refused(writer):
    reader = FrameRingReader(writer.ref)
    for value in range(1, 4):
        last = publish(writer, value)
    oldest = last - 2
    assert reader.is_intact(oldest)
    writer.begin()
    assert not reader.is_intact(oldest)
    reader.close()


def test_a_reader_in_another_process_sees_it_and_leaves_it_alone(writer):
    number = publish(writer, 77)
    ref = writer.ref
    code = textwrap.dedent(f"""
        from nvr_app.contract.frame_ring import FrameRingReader
        from nvr_app.contract.status import RingRef
        reader = FrameRingReader(RingRef(name={ref.name!r}, width=64, height=36, slots=3))
        print(bytes(reader.look({number})[1][:1]))
    """)
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == repr(b"M")
    # Python's own SharedMemory would be gone after the other process ended.
    FrameRingReader(ref).close()


def test_a_closed_ring_says_so_and_its_name_is_free(writer):
    reader = FrameRingReader(writer.ref)
    writer.close()
    assert reader.is_closed_by_writer
    reader.close()
    with pytest.raises(FileNotFoundError):
        FrameRingReader(writer.ref)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows frees rings with their processes")
def test_leftovers_of_a_killed_writer_are_swept():
    code = textwrap.dedent("""
        import os, signal
        from nvr_app.contract.frame_ring import FrameRingWriter, ring_name
        FrameRingWriter(ring_name("sweeptest", "cam"), 64, 36)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    subprocess.run([sys.executable, "-c", code], check=False)
    swept = sweep_rings("sweeptest")
    assert len(swept) == 1
    assert sweep_rings("sweeptest") == []
