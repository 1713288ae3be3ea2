"""Sound that MP4 cannot hold (G.711 and other telephone codecs) becomes AAC on its way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
import av.container
from av.audio.codeccontext import AudioCodecContext
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

# What an MP4 file holds as it is, by FFmpeg's names.
COPYABLE = frozenset({"aac", "mp3", "opus", "ac3", "eac3", "alac", "flac"})


class AudioTranscoder:
    """One segment's sound: decode, convert, encode. Use from one thread."""

    def __init__(self, out: AudioStream, source: AudioStream) -> None:
        self._out = out
        decoder = av.CodecContext.create(source.codec_context.name, "r")
        if not isinstance(decoder, AudioCodecContext):
            raise TypeError(f"{source.codec_context.name} is no audio codec")
        decoder.sample_rate = source.codec_context.sample_rate
        decoder.layout = source.codec_context.layout.name
        self._decoder = decoder
        self._resampler = AudioResampler(
            format="fltp", layout=out.codec_context.layout.name, rate=out.codec_context.sample_rate
        )

    def convert(self, packet: av.Packet[Any]) -> Iterator[av.Packet[Any]]:
        """AAC packets that this packet completes, timed as the source's; av.FFmpegError."""
        # A copy: the decoder must not touch a packet that others still relay.
        copy: av.Packet[Any] = av.Packet(bytes(packet))
        copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
        for frame in self._decoder.decode(copy):
            for converted in self._resampler.resample(frame):
                yield from self._out.encode(converted)

    def flush(self) -> Iterator[av.Packet[Any]]:
        """What the encoder still holds; nothing can be converted afterwards."""
        for converted in self._resampler.resample(None):
            yield from self._out.encode(converted)
        yield from self._out.encode(None)


def add_audio(
    container: av.container.OutputContainer, source: AudioStream
) -> tuple[AudioStream, AudioTranscoder | None]:
    """The segment's audio stream, and its transcoder where copying is impossible."""
    if source.codec_context.name in COPYABLE:
        return container.add_stream_from_template(source), None
    stream = container.add_stream("aac", rate=source.codec_context.sample_rate)
    stream.codec_context.layout = (
        "mono" if source.codec_context.layout.nb_channels < 2 else "stereo"
    )
    stream.codec_context.format = "fltp"
    stream.codec_context.bit_rate = 48_000
    return stream, AudioTranscoder(stream, source)
