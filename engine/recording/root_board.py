"""What is known of every storage root right now, kept fresh by a thread for each.

A root whose server hangs holds up its own thread alone; that the thread does not come back is
itself the finding. Nobody who asks here ever waits for a disk.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.base.clock import Clock
from engine.recording.root_look import RootLook, look_at
from engine.recording.root_state import SETTLE_NS, RootState, choose_root
from engine.recording.storage_root import StorageRoot

PERIOD_S = 2.0
HUNG_NS = 3_000_000_000
"""A look that takes longer says that the root does not answer."""

Usages = Callable[[], Mapping[str, int]]
"""Bytes of footage by root, as far as they are known. Must not block for long."""


@dataclass
class _Watched:
    root: StorageRoot
    look: RootLook | None = None
    looking_since_ns: int = 0
    failure: RootLook | None = None
    """What a writer met; stays until a look that also wrote has gone well."""
    was_well: bool = True
    settled_at_ns: int = 0
    leaving: threading.Event = field(default_factory=threading.Event)
    looked: threading.Event = field(default_factory=threading.Event)


class RootBoard:
    """Any thread may call; `start`, `set_roots` and `stop` from one."""

    def __init__(
        self,
        roots: Iterable[StorageRoot],
        clock: Clock,
        usages: Usages = dict,
        *,
        always_probe: bool = False,
        period_s: float = PERIOD_S,
    ) -> None:
        self._clock = clock
        self._usages = usages
        self._always_probe = always_probe
        self._period_s = period_s
        self._lock = threading.Lock()
        self._watched: dict[str, _Watched] = {root.name: _Watched(root) for root in roots}
        self._stalls: Counter[str] = Counter()
        self._is_running = False

    def start(self) -> None:
        """Begin to look."""
        self._is_running = True
        for watched in self._watched.values():
            self._start_thread(watched)

    def stop(self) -> None:
        """Look no more; idempotent. A thread that hangs ends with its process."""
        self._is_running = False
        for watched in self._watched.values():
            watched.leaving.set()

    def set_roots(self, roots: Iterable[StorageRoot]) -> None:
        """The settings name these roots now, in this order; the unchanged keep what is known."""
        fresh: list[_Watched] = []
        with self._lock:
            before = self._watched
            self._watched = {}
            for root in roots:
                old = before.get(root.name)
                if old is not None and _same_place(old.root, root):
                    old.root = root
                    self._watched[root.name] = old
                else:
                    self._watched[root.name] = _Watched(root)
                    fresh.append(self._watched[root.name])
            left = [w for name, w in before.items() if self._watched.get(name) is not w]
        for watched in left:
            watched.leaving.set()
        if self._is_running:
            for watched in fresh:
                self._start_thread(watched)

    def states(self) -> tuple[RootState, ...]:
        """Every root as it is known now, in the order of the settings."""
        now_ns = self._clock.mono_ns()
        used = self._usages()
        with self._lock:
            return tuple(
                self._state(watched, used.get(name, 0), now_ns)
                for name, watched in self._watched.items()
            )

    def choose(self, without: str = "") -> RootState:
        """The root for a new segment, other than the named one. StorageError."""
        states = tuple(state for state in self.states() if state.root.name != without)
        return choose_root(states, self._clock.mono_ns())

    def trouble(self, root: StorageRoot) -> str:
        """Why a file that is open on this root should move elsewhere; empty: it may stay.

        A root that merely fills up keeps the segment that is open on it.
        """
        now_ns = self._clock.mono_ns()
        with self._lock:
            watched = self._watched.get(root.name)
            if watched is None or not _same_place(watched.root, root):
                return f"storage root {root.name} was taken out of the settings"
            if watched.root.role != "hot":
                return f"storage root {root.name} takes no new footage any more"
            return self._fault(watched, now_ns).detail

    def wait_for_first_looks(self, timeout_s: float) -> None:
        """Until each root was looked at once, or the time is over."""
        deadline_ns = self._clock.mono_ns() + int(timeout_s * 1e9)
        for watched in list(self._watched.values()):
            watched.looked.wait(max(0.0, (deadline_ns - self._clock.mono_ns()) / 1e9))

    def report(self, root: StorageRoot, look: RootLook) -> None:
        """A writer met a fault (or, before a new segment, looked for itself)."""
        with self._lock:
            watched = self._watched.get(root.name)
            if watched is None or not _same_place(watched.root, root):
                return
            if look.fault:
                watched.failure = look
            else:
                watched.look = look
            self._settle(watched)

    def stalled(self, root: StorageRoot, *, is_over: bool = False) -> None:
        """A write on this root does not come back, or has come back after all."""
        with self._lock:
            self._stalls[root.name] += -1 if is_over else 1
            watched = self._watched.get(root.name)
            if watched is not None:
                self._settle(watched)

    def _start_thread(self, watched: _Watched) -> None:
        name = f"root {watched.root.name}"
        threading.Thread(target=self._watch, args=(watched,), name=name, daemon=True).start()

    def _watch(self, watched: _Watched) -> None:
        while not watched.leaving.is_set():
            watched.looking_since_ns = self._clock.mono_ns()
            has_failed = watched.failure is not None
            probe = has_failed or (self._always_probe and watched.root.role == "hot")
            look = look_at(watched.root, probe=probe)
            with self._lock:
                watched.looking_since_ns = 0
                watched.look = look
                if has_failed and not look.fault:
                    watched.failure = None
                self._settle(watched)
            watched.looked.set()
            self._clock.wait(watched.leaving, self._period_s)

    def _settle(self, watched: _Watched) -> None:
        """Note since when it is well; the lock is held."""
        now_ns = self._clock.mono_ns()
        is_well = not self._fault(watched, now_ns).fault
        if is_well and not watched.was_well:
            watched.settled_at_ns = now_ns + SETTLE_NS
        watched.was_well = is_well

    def _fault(self, watched: _Watched, now_ns: int) -> RootLook:
        root = watched.root
        since_ns = watched.looking_since_ns
        if self._stalls[root.name] > 0 or (since_ns and now_ns - since_ns > HUNG_NS):
            watched.was_well = False
            return RootLook(
                fault="hung",
                detail=f"storage root {root.name} at {root.path} does not answer; "
                "is its server there?",
            )
        return watched.failure or watched.look or RootLook()

    def _state(self, watched: _Watched, used_bytes: int, now_ns: int) -> RootState:
        fault = self._fault(watched, now_ns)
        seen = watched.look or RootLook()
        state = RootState(
            root=watched.root,
            fault=fault.fault,
            detail=fault.detail,
            total_bytes=seen.total_bytes,
            free_bytes=seen.free_bytes,
            used_bytes=used_bytes,
        )
        return replace(state, settled_at_ns=watched.settled_at_ns)


def _same_place(one: StorageRoot, other: StorageRoot) -> bool:
    return (one.name, one.path, one.identity) == (other.name, other.path, other.identity)
