"""What went wrong with a source, sorted by what it means for people."""

from __future__ import annotations

from typing import Literal

import av
import av.error

from engine.base.errors import EngineError
from engine.base.redact import bare_url, redact

SourceFault = Literal[
    "refused", "not_found", "unreachable", "timeout", "unsupported", "closed", "invalid"
]


class SourceError(EngineError):
    """A source could not be opened or ended; `fault` says which kind of trouble it is."""

    def __init__(self, fault: SourceFault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault: SourceFault = fault


_REMEDY: dict[SourceFault, str] = {
    "refused": "check user name and password (nvr camera add … --user)",
    "not_found": "the device answers, but not at this path: check the URL's path",
    "unreachable": "check host, port, cable and power",
    "timeout": "the device accepts the connection but sends nothing: check its load and network",
    "unsupported": "choose H.264, H.265 or MJPEG in the camera's settings",
    "closed": "the device ended the stream",
    "invalid": "the address does not lead to a video stream: check the URL",
}

_BY_TYPE: tuple[tuple[type[BaseException], SourceFault], ...] = (
    (av.error.HTTPUnauthorizedError, "refused"),
    (av.error.HTTPForbiddenError, "refused"),
    (av.error.HTTPNotFoundError, "not_found"),
    (av.error.HTTPClientError, "not_found"),
    (av.error.HTTPServerError, "unreachable"),
    (TimeoutError, "timeout"),
    (av.error.ConnectionRefusedError, "unreachable"),
    (av.error.ConnectionResetError, "closed"),
    (av.error.BrokenPipeError, "closed"),
    (av.error.EOFError, "closed"),
    (av.error.FileNotFoundError, "not_found"),
    (av.error.InvalidDataError, "invalid"),
    (av.error.DecoderNotFoundError, "unsupported"),
    (av.error.ProtocolNotFoundError, "invalid"),
    (av.error.DemuxerNotFoundError, "invalid"),
    (av.error.OSError, "unreachable"),
    (OSError, "unreachable"),
)


def source_error(url: str, error: BaseException, *, doing: str = "open") -> SourceError:
    """Turn a library's exception into a sentence without login."""
    fault: SourceFault = "invalid"
    for kind, meaning in _BY_TYPE:
        if isinstance(error, kind):
            fault = meaning
            break
    reason = redact(getattr(error, "strerror", None) or str(error)).split("'")[0].strip(" :")
    return SourceError(
        fault, f"could not {doing} {bare_url(url)}: {reason or fault}; {_REMEDY[fault]}"
    )


def unsupported(url: str, what: str) -> SourceError:
    """A stream that cannot be recorded as it is."""
    return SourceError("unsupported", f"{bare_url(url)} {what}; {_REMEDY['unsupported']}")
