"""Reads from the database in a few threads, a cursor each: the loop never waits for DuckDB."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.base.clock import Clock
from engine.base.errors import EngineError
from engine.base.registry import MetricsRegistry
from engine.hub.index_thread import IndexThread
from engine.store.store import QueryTimeout, StoreError, StoreReader

_T = TypeVar("_T")
_THREADS = 4
_TIMEOUT_S = 3.0


class DatabaseUnavailableError(EngineError):
    """The database is not open, busy beyond its time, or failed."""


class QueryPool:
    """`run` from the loop's thread."""

    def __init__(self, index: IndexThread, clock: Clock, registry: MetricsRegistry) -> None:
        self._index = index
        self._clock = clock
        self._registry = registry
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="query")
        self._local = threading.local()

    async def run(self, query: Callable[[StoreReader], _T]) -> _T:
        """Run a query. DatabaseUnavailableError: a sentence for the asker."""
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(
                loop.run_in_executor(self._pool, self._query, query), _TIMEOUT_S
            )
        except TimeoutError:
            raise DatabaseUnavailableError(
                f"the database did not answer within {_TIMEOUT_S:g} s; recording goes on, try again"
            ) from None
        except QueryTimeout as error:
            raise DatabaseUnavailableError(
                f"{error}; ask for a shorter time or fewer rows"
            ) from None
        except StoreError as error:
            self._registry.count("surveillance_db_errors", "query")
            raise DatabaseUnavailableError(str(error)) from None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _query(self, query: Callable[[StoreReader], _T]) -> _T:
        if not self._index.is_open:
            raise StoreError(self._index.fault or "the database is not open")
        store = self._index.store
        # A store that was opened anew needs new cursors.
        openings = self._index.openings
        if getattr(self._local, "openings", None) != openings:
            self._local.reader = store.reader()
            self._local.openings = openings
        started_ns = self._clock.mono_ns()
        try:
            return query(self._local.reader)
        finally:
            self._registry.observe(
                "surveillance_db_query_seconds",
                value=(self._clock.mono_ns() - started_ns) / 1e9,
            )
