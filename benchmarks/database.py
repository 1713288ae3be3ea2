"""Queries of the desk and the API at ten million events, on the product's own store and schema."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks.outcome import Options, Outcome, percentile
from benchmarks.site import work_folder
from engine.store.store import Store, StoreReader

_EVENTS = 10_000_000
_CAMERAS = 8
_YEAR_US = 365 * 86_400 * 1_000_000
_START_US = 1_767_225_600_000_000  # 2026-01-01
_DAY_US = 86_400 * 1_000_000
_STEP_US = _YEAR_US // _EVENTS
_ROUNDS = 100

# Ids as the engine makes them: twelve hex digits of milliseconds, then a number.
_FILL = f"""
INSERT INTO events
SELECT printf('%012x%020x', (start_us // 1000)::BIGINT, n),
       'cam-' || (n % {_CAMERAS} + 1),
       CASE WHEN n % 3 = 0 THEN 'motion' ELSE 'track' END,
       CASE WHEN n % 3 = 0 THEN 'motion' WHEN n % 7 = 0 THEN 'car' ELSE 'person' END,
       0.4 + (n % 60) / 100.0, start_us, start_us + 1000000 * (n % 40 + 1), n % 50,
       start_us + 500000, [0.1, 0.2, 0.3, 0.4], [0.0, 0.2, 0.4, 900.0, 0.3, 0.4],
       CASE WHEN n % 3 = 0 THEN '' ELSE 'clips/snapshots/' || n || '.jpg' END, 'bench', 's', 'n'
FROM (SELECT range AS n, {_START_US} + range * {_STEP_US} AS start_us
      FROM range({_EVENTS}))
"""  # noqa: S608  the constants above, nobody's input


def run(options: Options) -> Outcome:
    """Milliseconds of each kind of question, at random times over a year."""
    del options
    outcome = Outcome("database")
    with work_folder() as folder:
        path = folder / "events.duckdb"
        _make(path)
        outcome.details["file_mb"] = round(path.stat().st_size / 1e6)
        store = Store(path)
        store.open()
        try:
            reader = store.reader()
            generator = random.Random(1)
            every: list[float] = []
            for name, ask in _questions(reader, generator).items():
                ask()
                times = [_timed_ms(ask) for _ in range(_ROUNDS)]
                every += times
                outcome.add(f"{name}, p95", round(percentile(times, 0.95), 2), "ms")
            outcome.add("query p50", round(percentile(every, 0.5), 2), "ms")
            outcome.add("query p95", round(percentile(every, 0.95), 2), "ms", must=10, aim=5)
        finally:
            store.close()
    return outcome


def _make(path: Path) -> None:
    """The product makes the schema; ten million rows are put in by SQL alone."""
    store = Store(path)
    store.open()
    store.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute(_FILL)
        connection.execute("CHECKPOINT")


def _questions(reader: StoreReader, generator: random.Random) -> dict[str, Callable[[], object]]:
    def moment() -> int:
        return _START_US + generator.randrange(_YEAR_US - _DAY_US)

    def newest() -> object:
        return reader.events(0, _START_US + 2 * _YEAR_US, limit=100)

    def hour() -> object:
        start = moment()
        return reader.events(start, start + _DAY_US // 24, limit=100)

    def camera_day() -> object:
        start = moment()
        camera_id = f"cam-{generator.randrange(_CAMERAS) + 1}"
        return reader.events(start, start + _DAY_US, camera_id=camera_id, label="person", limit=100)

    def one() -> object:
        number = generator.randrange(_EVENTS)
        start_us = _START_US + number * _STEP_US
        return reader.event(f"{start_us // 1000:012x}{number:020x}")

    return {
        "newest hundred": newest,
        "an hour": hour,
        "a camera's people in a day": camera_day,
        "one event by id": one,
    }


def _timed_ms(ask: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    ask()
    return (time.perf_counter() - started_s) * 1e3
