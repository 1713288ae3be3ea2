"""Recorded footage decoded: the neighbour of `media`, and like it no one else imports av.

Fragments are taken apart by their boxes (`nvr_app.contract.mp4_boxes`); opening a demuxer for
every second of footage would cost as much as decoding it.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.resampler import AudioResampler
from av.codec.context import ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from nvr_app.contract.mp4_boxes import Sample, Track, box_header, samples_of, tracks_of

_MICROSECONDS = Fraction(1, 1_000_000)
SOUND_RATE = 48_000
SOUND_BYTES_PER_S = SOUND_RATE * 2 * 2
"""Sound is given as interleaved stereo of 16 bits."""


class UndecodableError(Exception):
    """This footage cannot be decoded here; the sentence says why."""


@dataclass(frozen=True)
class Codec:
    """A stream's codec as FFmpeg names it, and what its decoder must know beforehand."""

    name: str
    extradata: bytes
    width: int = 0
    height: int = 0
    sample_rate: int = 0


@dataclass(frozen=True)
class FootageHead:
    """A file's beginning, read once a segment."""

    tracks: tuple[Track, ...]
    video: Codec
    audio: Codec | None


@dataclass(frozen=True, eq=False)
class Unit:
    """An access unit; times in µs from the segment's beginning."""

    data: bytes
    pts_us: int
    duration_us: int
    is_keyframe: bool


def read_head(head: bytes) -> FootageHead:
    """From the first `init_size` bytes of a segment. UndecodableError."""
    try:
        tracks = _tracks(head)
        with av.open(io.BytesIO(head), format="mp4") as container:
            video = container.streams.video[0].codec_context
            sound = container.streams.audio[0].codec_context if container.streams.audio else None
            return FootageHead(
                tracks,
                Codec(video.name, bytes(video.extradata or b""), video.width, video.height),
                None
                if sound is None
                else Codec(
                    sound.name, bytes(sound.extradata or b""), sample_rate=sound.sample_rate
                ),
            )
    except (ValueError, LookupError, struct.error, av.FFmpegError) as error:
        raise UndecodableError(f"the file's beginning cannot be read: {error}") from None


def _tracks(head: bytes) -> tuple[Track, ...]:
    at = 0
    while (header := box_header(head, at)) is not None and header[2] >= 8:
        if header[0] == b"moov":
            return tracks_of(head[at : at + header[2]])
        at += header[2]
    raise ValueError("no description of the streams")


def units_of(fragments: bytes, head: FootageHead, kind: str) -> list[Unit]:
    """The access units of whole fragments, in the order of decoding; a damaged one is left out."""
    track = next((track for track in head.tracks if track.kind == kind), None)
    units: list[Unit] = []
    at = 0
    while track is not None and (header := box_header(fragments, at)) is not None:
        name, _, size = header
        if size < 8:
            break
        if name == b"moof":
            try:
                samples = samples_of(fragments[at : at + size], head.tracks)
            except (ValueError, KeyError, struct.error):
                samples = []
            units += [_unit(fragments, at, one, track) for one in samples
                      if one.track_id == track.track_id and one.size
                      and 0 <= at + one.offset <= len(fragments) - one.size]  # fmt: skip
        at += size
    return units


def _unit(data: bytes, moof: int, sample: Sample, track: Track) -> Unit:
    start = moof + sample.offset
    return Unit(
        data[start : start + sample.size],
        sample.pts * 1_000_000 // track.timescale,
        sample.duration * 1_000_000 // track.timescale,
        sample.is_keyframe,
    )


class FootageDecoder:
    """Decodes pictures of one kind of footage, from keyframe to keyframe. One thread.

    `threads` > 1 decodes that many pictures at once: quicker to a moment in the middle of a long
    group of pictures, when there are processors to spare.
    """

    def __init__(self, codec: Codec, threads: int) -> None:
        try:
            context = av.CodecContext.create(codec.name, "r")
        except ValueError:
            raise UndecodableError(f"this desk cannot decode {codec.name!r}") from None
        if not isinstance(context, VideoCodecContext):
            raise UndecodableError(f"{codec.name!r} is no video codec")
        context.thread_count = threads
        context.thread_type = ThreadType.FRAME if threads > 1 else ThreadType.SLICE
        if codec.extradata:
            context.extradata = codec.extradata
        self.codec = codec
        self.threads = threads
        self._context = context
        self._is_drained = False
        self.damaged = 0
        """Access units that could not be decoded, or not whole."""

    def decode(self, unit: Unit) -> list[VideoFrame]:
        """The pictures that came out; their `pts` is in µs from the segment's beginning."""
        if self._is_drained:
            self.restart()
        packet = av.Packet(unit.data)
        packet.pts = unit.pts_us
        packet.time_base = _MICROSECONDS
        return self._checked(packet)

    def drain(self) -> list[VideoFrame]:
        """What is still on its way; after it, decoding goes on at a keyframe."""
        if self._is_drained:
            return []
        self._is_drained = True
        return self._checked(None)

    def restart(self) -> None:
        """Forget what was fed: the next unit is a keyframe."""
        self._context.flush_buffers()
        self._is_drained = False

    def _checked(self, packet: av.Packet[Any] | None) -> list[VideoFrame]:
        try:
            frames = self._context.decode(packet)
        except av.FFmpegError:
            self.damaged += 1
            return []
        self.damaged += sum(frame.is_corrupt for frame in frames)
        return frames


class SoundDecoder:
    """Decodes sound into 48 kHz stereo of 16 bits. One thread."""

    def __init__(self, codec: Codec) -> None:
        try:
            context = av.CodecContext.create(codec.name, "r")
        except ValueError:
            raise UndecodableError(f"this desk cannot decode {codec.name!r} sound") from None
        if not isinstance(context, AudioCodecContext):
            raise UndecodableError(f"{codec.name!r} is no sound")
        if codec.extradata:
            context.extradata = codec.extradata
        if codec.sample_rate:
            context.sample_rate = codec.sample_rate
        self._context = context
        self._resampler = AudioResampler(format="s16", layout="stereo", rate=SOUND_RATE)

    def decode(self, unit: Unit) -> bytes:
        """Samples of this unit; empty when it is damaged."""
        packet = av.Packet(unit.data)
        packet.pts = unit.pts_us
        packet.time_base = _MICROSECONDS
        try:
            frames = [out for frame in self._context.decode(packet)
                      for out in self._resampler.resample(frame)]  # fmt: skip
        except (av.FFmpegError, ValueError):
            return b""
        return b"".join(bytes(memoryview(frame.planes[0]))[: frame.samples * 4] for frame in frames)
