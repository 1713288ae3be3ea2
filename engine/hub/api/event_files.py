"""Events as files: CSV for tables, JSON for programs; streamed, however many there are."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable

import msgspec
from litestar import get
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from engine.hub.api.events import event_view
from engine.hub.api.times import interval_us
from engine.hub.core import HubCore
from engine.store.rows import EventRow
from engine.store.store import StoreReader
from nvr_app.contract.api import EventView

_PAGE = 1_000
_COLUMNS = (
    "event_id", "camera_id", "kind", "label", "score", "start", "end", "start_wall_us",
    "end_wall_us", "snapshot", "model", "site", "node",
)  # fmt: skip
# A cell that begins like this is a formula to spreadsheet programs.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def event_file_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """`/api/v1/events.csv` and `/api/v1/events.json`, with the filters of `/api/v1/events`."""

    def pages(
        start_us: int, end_us: int, camera_id: str | None, kind: str | None, label: str | None
    ) -> AsyncIterator[list[EventRow]]:
        return _pages(core, start_us, end_us, (camera_id, kind, label))

    @get("/api/v1/events.csv")
    async def events_csv(
        start: str | None = None,
        end: str | None = None,
        camera_id: str | None = None,
        kind: str | None = None,
        label: str | None = None,
    ) -> Stream:
        """Newest first, one line each."""
        found = pages(*interval_us(start, end), camera_id, kind, label)
        first = await _first(found)
        return Stream(
            _csv(first, found),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="events.csv"'},
        )

    @get("/api/v1/events.json")
    async def events_json(
        start: str | None = None,
        end: str | None = None,
        camera_id: str | None = None,
        kind: str | None = None,
        label: str | None = None,
    ) -> Stream:
        """Newest first, one JSON array."""
        found = pages(*interval_us(start, end), camera_id, kind, label)
        first = await _first(found)
        return Stream(
            _json(first, found),
            media_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="events.json"'},
        )

    return [events_csv, events_json]


async def _pages(
    core: HubCore, start_us: int, end_us: int, wanted: tuple[str | None, str | None, str | None]
) -> AsyncIterator[list[EventRow]]:
    before: tuple[int, str] | None = None
    while True:
        rows = await core.queries.run(_question(start_us, end_us, wanted, before))
        yield rows
        if len(rows) < _PAGE:
            return
        before = rows[-1].start_wall_us, rows[-1].event_id


def _question(
    start_us: int,
    end_us: int,
    wanted: tuple[str | None, str | None, str | None],
    before: tuple[int, str] | None,
) -> Callable[[StoreReader], list[EventRow]]:
    camera_id, kind, label = wanted
    return lambda reader: reader.events(
        start_us, end_us, camera_id=camera_id, kind=kind, label=label, limit=_PAGE, before=before
    )


async def _first(pages: AsyncIterator[list[EventRow]]) -> list[EventRow]:
    """Asked for before the answer begins: a database that is away is then said in its status."""
    return await anext(pages)


async def _csv(first: list[EventRow], pages: AsyncIterator[list[EventRow]]) -> AsyncIterator[bytes]:
    yield (",".join(_COLUMNS) + "\r\n").encode()
    yield _csv_lines(first)
    async for rows in pages:
        yield _csv_lines(rows)


def _csv_lines(rows: list[EventRow]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        view = event_view(row)
        writer.writerow([csv_cell(getattr(view, column)) for column in _COLUMNS])
    return out.getvalue().encode()


def csv_cell(value: object) -> object:
    """The value, disarmed where a spreadsheet would take it for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


async def _json(
    first: list[EventRow], pages: AsyncIterator[list[EventRow]]
) -> AsyncIterator[bytes]:
    yield b"["
    separator = b"\n"
    for view in map(event_view, first):
        yield separator + _encoded(view)
        separator = b",\n"
    async for rows in pages:
        yield b"".join(separator + _encoded(event_view(row)) for row in rows)
    yield b"\n]\n"


def _encoded(view: EventView) -> bytes:
    return msgspec.json.encode(view)
