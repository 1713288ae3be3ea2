"""Every failure is one JSON sentence."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from engine.base.errors import EngineError
from engine.base.redact import redact
from engine.hub.disk_threads import RootNotAnsweringError
from engine.hub.exports import ExportRefusedError, NoFootageError
from engine.hub.noting import NotJournalledError
from engine.hub.query_pool import DatabaseUnavailableError
from engine.hub.worker_link import WorkerUnavailableError
from engine.playback.fragment_index import NotIndexableError
from engine.playback.segment_file import SegmentUnreadableError
from nvr_app.contract.api import ErrorAnswer

logger = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]


class NotFoundError(EngineError):
    """Nothing has this id."""


class BadRequestError(EngineError):
    """The request cannot be understood; the sentence says which part."""


def _answer(sentence: str, status: int) -> Response[ErrorAnswer]:
    return Response(
        ErrorAnswer(error=redact(sentence)), status_code=status, media_type="application/json"
    )


def _http(_: AnyRequest, error: HTTPException) -> Response[ErrorAnswer]:
    extra = "; ".join(str(part.get("message", part)) for part in error.extra or () if part)  # type: ignore[union-attr]  # Litestar gives a list of dicts here
    sentence = f"{error.detail}: {extra}" if extra else error.detail
    answer = _answer(sentence, error.status_code)
    if error.status_code == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _conflict(_: AnyRequest, error: EngineError) -> Response[ErrorAnswer]:
    return _answer(str(error), 409)


def _not_found(_: AnyRequest, error: EngineError) -> Response[ErrorAnswer]:
    return _answer(str(error), 404)


def _bad_request(_: AnyRequest, error: BadRequestError) -> Response[ErrorAnswer]:
    return _answer(str(error), 400)


def _unavailable(_: AnyRequest, error: EngineError) -> Response[ErrorAnswer]:
    return _answer(str(error), 503)


def _unreadable(request: AnyRequest, error: NotIndexableError) -> Response[ErrorAnswer]:
    segment_id = request.path_params.get("segment_id", "")
    return _answer(f"segment {segment_id} cannot be played: {error}", 422)


def _unexpected(request: AnyRequest, error: Exception) -> Response[ErrorAnswer]:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer("the engine failed at this request; its log says where", 500)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    HTTPException: _http,
    NotFoundError: _not_found,
    BadRequestError: _bad_request,
    NoFootageError: _not_found,
    ExportRefusedError: _conflict,
    NotJournalledError: _unavailable,
    WorkerUnavailableError: _unavailable,
    DatabaseUnavailableError: _unavailable,
    RootNotAnsweringError: _unavailable,
    SegmentUnreadableError: _unavailable,
    NotIndexableError: _unreadable,
    Exception: _unexpected,
}
