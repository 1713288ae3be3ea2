import av
import pytest

from engine.media.segment_muxer import SegmentMuxer
from engine.media.source import ContainerSource


def mux(clip, sink, fragment_s=0.5, alter=lambda n, p: p):
    source = ContainerSource(str(clip), av.open(str(clip)))
    muxer = SegmentMuxer(sink, source.video, source.audio, fragment_s=fragment_s)
    for number, packet in enumerate(source.packets()):
        muxer.mux_video(alter(number, packet))
    muxer.finish()
    source.close()
    return muxer


def payloads(path):
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(video=0) if p.size]


def test_every_payload_is_copied_as_it_came(clip, tmp_path):
    out = tmp_path / "out.mp4"
    with out.open("wb") as file:
        mux(clip, file.write)
    assert payloads(out) == payloads(clip)


def test_fragments_come_twice_a_second_though_the_gop_is_longer(clip):
    writes = []
    mux(clip, writes.append)
    fragments = [w for w in writes if b"moof" in w[:64]]
    assert 7 <= len(fragments) <= 9


@pytest.mark.parametrize("share", [0.35, 0.6, 0.9])
def test_a_file_cut_anywhere_plays_up_to_its_last_whole_fragment(clip, tmp_path, share):
    whole = b"".join(_collect(clip))
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(whole[: int(len(whole) * share)])
    got = []
    try:
        with av.open(str(torn)) as container:
            got.extend(bytes(p) for p in container.demux(video=0) if p.size)
    except av.FFmpegError:
        pass
    wanted = payloads(clip)
    assert got == wanted[: len(got)] or got[:-1] == wanted[: len(got) - 1]
    assert len(got) >= len(wanted) * share - 16


def _collect(clip):
    writes = []
    mux(clip, writes.append)
    return writes


def test_repeated_and_backward_timestamps_are_put_in_order(clip, tmp_path):
    out = tmp_path / "out.mp4"

    def broken(number, packet):
        if number in {10, 40}:
            packet.packet.dts -= 9_000
            packet.packet.pts -= 9_000
        return packet

    with out.open("wb") as file:
        muxer = mux(clip, file.write, alter=broken)
    assert muxer.repaired_timestamps == 2
    assert payloads(out) == payloads(clip)
