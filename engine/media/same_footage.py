"""Whether two files show the same pictures at the same times: asked before an original goes."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import av.container

from engine.media.errors import SourceError, source_error
from engine.media.reencoder import EncodeTarget, ReencodeError


@dataclass(frozen=True)
class MediaTimes:
    """A file's pictures: media times from the first one on, in µs, and which are keyframes."""

    codec: str
    times_us: tuple[int, ...]
    longest_group_us: int
    decoded: int
    has_sound: bool


def read_times(path: Path, *, pace: Callable[[], None] | None) -> MediaTimes:
    """Times of every picture; with `pace`, every picture is decoded too. SourceError."""
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            if not container.streams.video:
                raise source_error(path.name, ValueError("there is no video in it"))
            return _times_of(container, pace)
    except (av.FFmpegError, OSError) as error:
        raise source_error(path.name, error, doing="read") from None


def _times_of(
    container: av.container.InputContainer, pace: Callable[[], None] | None
) -> MediaTimes:
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1
    times: list[int] = []
    keys: list[int] = []
    decoded = 0
    for packet in container.demux(stream):
        if packet.size and packet.pts is not None:
            at_us = round(packet.pts * packet.time_base * 1_000_000)
            times.append(at_us)
            if packet.is_keyframe:
                keys.append(at_us)
        if pace is not None:
            for _ in packet.decode():
                decoded += 1
                pace()
    times.sort()
    first = times[0] if times else 0
    groups = [after - before for before, after in zip(keys, [*keys[1:], *times[-1:]], strict=True)]
    return MediaTimes(
        codec=stream.codec_context.codec.canonical_name,
        times_us=tuple(at_us - first for at_us in times),
        longest_group_us=max(groups, default=0),
        decoded=decoded,
        has_sound=bool(container.streams.audio),
    )


def require_same_footage(
    source: Path, result: Path, wanted: EncodeTarget, pace: Callable[[], None]
) -> None:
    """Compare what was encoded with what it came from. ReencodeError says what differs; OSError:
    one of the two cannot be reached at present.

    Every picture of the result is decoded; times must be those of the source within half a
    millisecond, keyframes no further apart than wanted, and sound must still be there.
    """
    try:
        before = read_times(source, pace=None)
        after = read_times(result, pace=pace)
    except SourceError as error:
        if error.fault in {"not_found", "unreachable"}:
            raise OSError(errno.EIO, str(error)) from None
        raise ReencodeError(f"what was encoded cannot be read back: {error}") from None
    fault = _difference(before, after, wanted)
    if fault:
        raise ReencodeError(f"{source.name}: {fault}; the original is kept")


def _difference(before: MediaTimes, after: MediaTimes, wanted: EncodeTarget) -> str:
    if len(before.times_us) != len(after.times_us):
        return f"{len(after.times_us)} pictures came out of {len(before.times_us)}"
    if after.decoded != len(after.times_us):
        return f"only {after.decoded} of {len(after.times_us)} pictures can be decoded"
    worst = max(
        (abs(a - b) for a, b in zip(before.times_us, after.times_us, strict=True)), default=0
    )
    if worst > 500:
        return f"a picture moved by {worst} µs"
    if after.longest_group_us > max(2 * wanted.keyframe_s, 4.0) * 1_000_000:
        return f"keyframes are up to {after.longest_group_us / 1e6:.1f} s apart"
    if before.has_sound and not after.has_sound:
        return "the sound is missing"
    return ""
