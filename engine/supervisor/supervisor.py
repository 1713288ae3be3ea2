"""The supervisor: starts the table's processes, watches them, starts the dead again.

Standard library only, one loop, monotonic clock only. It relays nothing between its children:
it tells them when to stop and tells the hub how everyone is.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.supervisor.child_process import ChildProcess
from engine.supervisor.instance_lock import process_started_ticks
from engine.supervisor.log_file import LogFile
from engine.supervisor.restart_policy import RestartHistory
from engine.supervisor.table import ProcessRow, TableSource

logger = logging.getLogger(__name__)

_TICK_S = 0.5
"""A death wakes the loop at once; the tick is for what only time tells."""
_NEWS_S = 2.0
_STOP_LIMIT_S = 12.0
"""Orderly stop of one phase; three phases must fit into the 30 s that a service manager gives."""
_KILL_LIMIT_S = 1.0
_PHASE_PATIENCE_S = 3.0
"""A phase begins this late at the most, whatever the earlier ones are doing."""
_LAST_BREATH_S = 0.01
"""Between the end of a dying child's output and its exit code."""

Launcher = Callable[[ProcessRow], Sequence[str]]
"""From a row to the command line that starts it."""


@dataclass
class _Slot:
    row: ProcessRow
    child: ChildProcess | None = None
    history: RestartHistory = field(default_factory=RestartHistory)
    restarts: int = 0
    start_at_s: float = 0.0
    waits_since_s: float | None = None
    """Since when its first start has waited for earlier phases; None once it was started."""
    last_error: str = ""
    is_leaving: bool = False


class Supervisor:
    """Run `run()` in the main thread; `request_stop` and `request_reload` from anywhere."""

    def __init__(
        self,
        table: TableSource,
        launcher: Launcher,
        run_dir: Path,
        log: LogFile,
        sweep: Callable[[], None],
    ) -> None:
        self._table = table
        self._launcher = launcher
        self._register = run_dir / "children.json"
        self._log = log
        self._sweep = sweep
        self._slots: dict[str, _Slot] = {}
        self._events: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._next_news_s = 0.0

    def request_stop(self) -> None:
        """Stop everything in order; any thread, also a signal handler."""
        self._stopping.set()
        self._events.put("wake")

    def request_reload(self) -> None:
        """Compare the table with what runs: start the new, stop the removed, renew the changed."""
        self._events.put("reload")

    def describe(self) -> Mapping[str, object]:
        """For `/health`: any thread."""
        slots = list(self._slots.values())
        down = [s.row.name for s in slots if s.child is None and not s.is_leaving]
        return {"processes": len(slots), "down": down}

    def run(self) -> None:
        """Start all, watch until a stop is requested, stop all."""
        self._apply_table()
        while not self._stopping.is_set():
            self._tick()
            try:
                event = self._events.get(timeout=self._until_next_s())
            except queue.Empty:
                continue
            if event == "reload":
                self._apply_table()
            else:
                time.sleep(_LAST_BREATH_S)
        self._stop_all()
        self._sweep()

    def _until_next_s(self) -> float:
        """Until a start that is due, a tick at most."""
        now_s = time.monotonic()
        waiting = [s.start_at_s - now_s for s in self._slots.values() if s.child is None]
        return max(0.01, min([_TICK_S, *waiting]))

    def _tick(self) -> None:
        now_s = time.monotonic()
        is_news_due = now_s >= self._next_news_s
        for slot in list(self._slots.values()):
            if is_news_due and slot.child is not None:
                slot.child.measure()
            self._watch(slot, now_s)
        if is_news_due:
            self._next_news_s = now_s + _NEWS_S
            self._tell_hub({"type": "processes", "rows": self._rows(now_s)})

    def _apply_table(self) -> None:
        rows = {row.name: row for row in self._table()}
        for name, slot in list(self._slots.items()):
            if name not in rows:
                slot.is_leaving = True
                if slot.child is not None:
                    slot.child.ask_to_stop()
        for row in sorted(rows.values(), key=lambda r: r.phase):
            known = self._slots.get(row.name)
            if known is None:
                self._slots[row.name] = _Slot(row, waits_since_s=time.monotonic())
                continue
            changed = known.row.fingerprint != row.fingerprint
            known.row = row
            known.is_leaving = False
            if changed and known.child is not None:
                known.child.ask_to_stop()
            elif known.child is not None:
                # What changes without changing the fingerprint (cameras for the hub, storage
                # roots for all) is news to the child, not a reason to restart it.
                known.child.tell({"type": "renewed", "start": row.start_message()})

    def _start(self, slot: _Slot) -> None:
        try:
            slot.child = ChildProcess(
                slot.row,
                self._launcher(slot.row),
                self._log,
                self._take_line,
                lambda: self._events.put("wake"),
            )
        except OSError as error:
            slot.history, delay_s = slot.history.next(0.0, time.monotonic())
            slot.start_at_s = time.monotonic() + max(delay_s, 1.0)
            slot.last_error = f"could not start: {error}"
            logger.error("%s %s", slot.row.name, slot.last_error)
            return
        logger.info("Started %s (process %d)", slot.row.name, slot.child.pid)
        self._note_children()

    def _watch(self, slot: _Slot, now_s: float) -> None:
        child = slot.child
        if child is None:
            self._watch_absent(slot, now_s)
            return
        code = child.exit_code
        if code is not None:
            self._take_death(slot, child, code, now_s)
        elif child.stop_asked_s is not None:
            if now_s - child.stop_asked_s > _STOP_LIMIT_S:
                logger.error("%s does not stop; ending it", slot.row.name)
                child.kill()
        elif child.overdue_s(now_s) > 0:
            logger.error("%s has sent no heartbeat in time; ending it", slot.row.name)
            slot.last_error = "no heartbeat"
            child.kill()
        elif child.memory_bytes > slot.row.memory_limit_bytes:
            logger.error("%s exceeds its memory ceiling; restarting it", slot.row.name)
            slot.last_error = "memory ceiling"
            child.ask_to_stop()

    def _watch_absent(self, slot: _Slot, now_s: float) -> None:
        if slot.is_leaving:
            self._slots.pop(slot.row.name, None)
        elif slot.waits_since_s is not None:
            if self._is_its_turn(slot, now_s - slot.waits_since_s):
                slot.waits_since_s = None
                self._start(slot)
        elif now_s >= slot.start_at_s:
            slot.restarts += 1
            self._start(slot)

    def _is_its_turn(self, slot: _Slot, waited_s: float) -> bool:
        """Cameras record before anybody looks or analyses; but nobody waits for a slow one long."""
        if waited_s > _PHASE_PATIENCE_S:
            return True
        earlier = [s for s in self._slots.values() if s.row.phase < slot.row.phase]
        return all(s.child is not None and s.child.last_heartbeat_s is not None for s in earlier)

    def _take_death(self, slot: _Slot, child: ChildProcess, code: int, now_s: float) -> None:
        was_asked = child.stop_asked_s is not None
        slot.child = None
        self._note_children()
        if slot.is_leaving:
            logger.info("%s has left", slot.row.name)
            self._slots.pop(slot.row.name, None)
            return
        if was_asked:
            slot.start_at_s = now_s
            logger.info("%s ended as asked; starting it anew", slot.row.name)
            return
        slot.history, delay_s = slot.history.next(now_s - child.started_s, now_s)
        slot.start_at_s = now_s + delay_s
        slot.last_error = slot.last_error or f"exit code {code}"
        logger.error("%s died (%s); restart in %.1f s", slot.row.name, _cause(code), delay_s)
        self._tell_hub(
            {
                "type": "died",
                "process": slot.row.name,
                "cause": _cause(code),
                "restart_in_s": round(delay_s, 1),
                "is_incident": slot.history.is_incident,
            }
        )
        slot.last_error = ""

    def _take_line(self, child: ChildProcess, message: Mapping[str, object]) -> None:
        match message.get("type"):
            case "shutdown":
                logger.info("%s passed on a request to shut down", child.row.name)
                self.request_stop()
            case "reload":
                self.request_reload()
            case kind:
                logger.debug("%s said %s", child.row.name, kind)

    def _tell_hub(self, message: Mapping[str, object]) -> None:
        for slot in self._slots.values():
            if slot.row.role == "hub" and slot.child is not None:
                slot.child.tell(message)

    def _rows(self, now_s: float) -> list[dict[str, object]]:
        return [
            {
                "name": slot.row.name,
                "role": slot.row.role,
                "state": _state(slot),
                "pid": slot.child.pid if slot.child else 0,
                "restarts": slot.restarts,
                "uptime_s": round(now_s - slot.child.started_s, 1) if slot.child else 0.0,
                "memory_bytes": slot.child.memory_bytes if slot.child else 0,
            }
            for slot in self._slots.values()
        ]

    def _stop_all(self) -> None:
        """Last phase first, except that the hub goes last: it takes the others' last facts."""
        logger.info("Stopping %d processes", len(self._slots))
        hubs = [s for s in self._slots.values() if s.row.role == "hub"]
        others = [s for s in self._slots.values() if s.row.role != "hub"]
        for group in (others, hubs):
            for slot in group:
                if slot.child is not None:
                    slot.child.ask_to_stop()
            self._await_end(group)
        self._register.unlink(missing_ok=True)

    def _await_end(self, group: list[_Slot]) -> None:
        deadline_s = time.monotonic() + _STOP_LIMIT_S
        running = [slot.child for slot in group if slot.child is not None]
        while running and time.monotonic() < deadline_s:
            running = [child for child in running if child.exit_code is None]
            time.sleep(0.02)
        for child in running:
            logger.error("%s does not stop; ending it", child.row.name)
            child.kill()
            child.await_end(_KILL_LIMIT_S)

    def _note_children(self) -> None:
        """Keep their numbers on disk: the next supervisor ends those that survive this one."""
        pids = [slot.child.pid for slot in self._slots.values() if slot.child is not None]
        try:
            self._register.write_text(
                json.dumps({pid: process_started_ticks(pid) for pid in pids}), encoding="ascii"
            )
        except OSError as error:
            logger.warning("Could not note the children: %s", error)


def _state(slot: _Slot) -> str:
    if slot.child is None:
        return "waiting"
    if slot.child.stop_asked_s is not None:
        return "stopping"
    return "running" if slot.child.last_heartbeat_s is not None else "starting"


def _cause(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
