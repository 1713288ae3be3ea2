"""What the hub knows of the storage roots: looked at in threads, told to people and workers."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from engine.base.clock import Clock
from engine.base.registry import MetricsRegistry
from engine.recording.root_board import PERIOD_S, RootBoard
from engine.recording.root_start import RootStart
from engine.recording.root_state import RootFault, RootState
from engine.recording.root_usage import RootUsages, write_usages
from engine.recording.storage_root import root_of
from nvr_app.contract.api import RootUsage
from nvr_app.contract.custody_facts import RootChanged
from nvr_app.contract.custody_facts import RootState as RootCondition

logger = logging.getLogger(__name__)

_FIRST_LOOK_S = 1.0
_CONDITIONS: Mapping[RootFault, RootCondition] = {
    "": "available",
    "missing": "missing",
    "hung": "missing",
    "foreign": "foreign",
    "read_only": "read_only",
    "failing": "read_only",
    "full": "full",
}


class StorageWatch:
    """`usages` is what the last look found; any thread may read it."""

    def __init__(
        self,
        roots: Iterable[RootStart],
        spool_dir: Path,
        clock: Clock,
        registry: MetricsRegistry,
        note: Callable[[RootChanged], None],
        *,
        period_s: float = PERIOD_S,
    ) -> None:
        self._spool_dir = spool_dir
        self._clock = clock
        self._registry = registry
        self._note = note
        self._period_s = period_s
        self._stopping = threading.Event()
        self._starts = {root.name: root for root in roots}
        self._used: Mapping[str, int] = {}
        self._slow: frozenset[str] = frozenset()
        self._told: dict[str, RootCondition] = {}
        self._board = RootBoard(
            (root_of(root) for root in self._starts.values()),
            clock,
            lambda: self._used,
            always_probe=True,
            period_s=period_s,
        )
        self.usages: tuple[RootUsage, ...] = ()

    def start(self) -> None:
        self._board.start()
        threading.Thread(target=self._run, name="storage", daemon=True).start()

    def stop(self) -> None:
        """Idempotent."""
        self._stopping.set()
        self._board.stop()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._starts)

    @property
    def roots(self) -> Mapping[str, RootStart]:
        """The roots of the settings in force, by name, in their order."""
        return self._starts

    def folder_of(self, name: str) -> Path | None:
        """Where a root lies; None for one that the settings do not name."""
        root = self._starts.get(name)
        return Path(root.path) if root is not None else None

    def set_roots(self, roots: Iterable[RootStart]) -> None:
        """The settings name these roots now."""
        starts = {root.name: root for root in roots}
        for name in set(self._starts) - set(starts):
            self._registry.drop_root(name)
            self._told.pop(name, None)
        self._starts = starts
        self._board.set_roots(root_of(root) for root in starts.values())

    def take_counts(self, used: Mapping[str, int], slow: frozenset[str]) -> None:
        """Bytes of footage by root, and the roots on which cameras wait. Tells the workers."""
        self._used = used
        self._slow = slow
        try:
            write_usages(
                self._spool_dir, RootUsages(wall_us=self._clock.wall_us(), used_bytes=dict(used))
            )
        except OSError as error:
            logger.warning("Could not tell the workers how full the storage roots are: %s", error)

    def write_test(self, name: str) -> str:
        """Write, read back and remove a small file; empty, or what failed. Slow: in a thread."""
        path = Path(self._starts[name].path) / f".nvr-health-{secrets.token_hex(4)}"
        content = secrets.token_bytes(64)
        try:
            path.write_bytes(content)
            back = path.read_bytes()
            path.unlink()
        except OSError as error:
            return f"storage root {name}: {error.strerror or error}"
        return "" if back == content else f"storage root {name} returns other bytes than written"

    def _run(self) -> None:
        self._board.wait_for_first_looks(_FIRST_LOOK_S)
        while not self._stopping.is_set():
            states = self._board.states()
            self.usages = tuple(self._usage(state) for state in states)
            for usage in self.usages:
                self._measure(usage)
                self._tell(usage)
            self._clock.wait(self._stopping, self._period_s)

    def _usage(self, state: RootState) -> RootUsage:
        root = state.root
        condition, fault = _CONDITIONS[state.fault], state.trouble
        if not state.fault and fault:
            condition = "full"
        elif not fault and root.name in self._slow:
            condition = "slow"
            fault = f"storage root {root.name} is slow: pictures wait in memory for it"
        return RootUsage(
            name=root.name,
            path=str(root.path),
            role=root.role,
            state=condition,
            total_bytes=state.total_bytes,
            free_bytes=state.free_bytes,
            used_bytes=state.used_bytes,
            quota_bytes=root.quota_bytes,
            floor_free_bytes=root.floor_free_bytes,
            fault=fault,
        )

    def _measure(self, usage: RootUsage) -> None:
        level = self._registry.level
        level("surveillance_storage_free_bytes", usage.name, value=usage.free_bytes)
        level("surveillance_storage_size_bytes", usage.name, value=usage.total_bytes)
        level("surveillance_storage_used_bytes", usage.name, value=usage.used_bytes)
        is_up = float(usage.state in {"available", "slow"})
        level("surveillance_storage_root_up", usage.name, value=is_up)

    def _tell(self, usage: RootUsage) -> None:
        """Journal a change; a root that is well from the first look on is no news."""
        before = self._told.get(usage.name, "available")
        self._told[usage.name] = usage.state
        if usage.state == before:
            return
        log = logger.info if usage.state == "available" else logger.warning
        log("Storage root %s is %s: %s", usage.name, usage.state, usage.fault or "well again")
        self._note(
            RootChanged(
                wall_us=self._clock.wall_us(),
                root=usage.name,
                state=usage.state,
                detail=usage.fault,
            )
        )
