"""The hub's nightly work on its own records: count the day, sign the head, let payloads go.

One thread of its own. A step that fails is said once, and all of it is tried again an hour later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import zstandard

from engine.base.clock import Clock
from engine.base.errors import EngineError
from engine.base.registry import MetricsRegistry
from engine.hub.index_thread import IndexThread
from engine.hub.journal_thread import JournalThread
from engine.journal.dropping import choose_payloads_to_drop, look_at_payloads, unlink_payloads
from engine.journal.head_signing import keep_public_key, sign_head, trusted_keys
from engine.journal.journal import JournalError
from engine.journal.reader import hash_at
from engine.store.checkpoint import (
    CheckpointRefusedError,
    find_checkpoints,
    remove_old_checkpoints,
    verify_checkpoint,
)
from engine.store.checkpoint_writer import Draft, draft_checkpoint, publish_checkpoint
from engine.store.day_counts import choose_days_to_count
from engine.store.errors import StoreError
from nvr_app.contract.audit_facts import DayCounted, JournalSigned, PayloadsDropped
from nvr_app.contract.events import SystemNoted
from nvr_app.errors import UserError
from nvr_app.evidence.signing import Signer

logger = logging.getLogger(__name__)

_DAY_US = 86_400_000_000
_MINUTE_US = 60_000_000
_AT_US = 20 * _MINUTE_US
"""After midnight UTC: what the day before left behind has arrived by then."""
_LOOK_S = 30.0
_RETRY_US = 60 * _MINUTE_US
_SYNC_S = 30.0
_DAYS_BACK = 7
KEPT_CHECKPOINTS = 3


def is_due(now_us: int, last_us: int) -> bool:
    """Whether a night's work has come up since the last one."""
    mark_us = (now_us - _AT_US) // _DAY_US * _DAY_US + _AT_US
    return last_us < mark_us


class RecordKeeper:
    """`start`, `stop`, `join` from any thread; the steps from one thread at a time."""

    def __init__(
        self,
        data_dir: Path,
        journal: JournalThread,
        index: IndexThread,
        clock: Clock,
        registry: MetricsRegistry,
        signing_seed: Callable[[], bytes],
        keep_us: Mapping[str, int],
    ) -> None:
        """`signing_seed` may take seconds; UserError: there is no key to be had.

        `keep_us`: how long payloads are kept by class; those not named are kept for good. What is
        still true after that (footage that is there, protections) stands in the checkpoints.
        """
        self._keep_us = keep_us
        self._journal_dir = data_dir / "journal"
        self._keys_dir = data_dir / "config" / "signing-keys"
        self._journal = journal
        self._index = index
        self._clock = clock
        self._registry = registry
        self._signing_seed = signing_seed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._not_before_us = 0
        self.fault = ""
        """Why the last night's work is not done; empty when it is."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Idempotent; an export that runs is broken off and leaves nothing behind."""
        self._stopping.set()
        cursor = self._cursor
        if cursor is not None:
            cursor.interrupt()

    def join(self, timeout_s: float) -> None:
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._clock.wait(self._stopping, _LOOK_S):
            if self._index.is_open and self._is_time():
                self.work()

    def _is_time(self) -> bool:
        now_us = self._clock.wall_us()
        try:
            last_us = self._index.store.reader().records.last_signed_us()
        except StoreError:
            return False
        self._registry.level("surveillance_journal_signed_timestamp_seconds", value=last_us / 1e6)
        return is_due(now_us, last_us) and now_us >= self._not_before_us

    def work(self) -> bool:
        """All steps, in the order in which they depend on each other; whether all went well."""
        try:
            self.count_days()
            self.sign()
            self.drop_payloads(self._keep_us)
        except (EngineError, UserError, OSError, zstandard.ZstdError) as error:
            self._not_before_us = self._clock.wall_us() + _RETRY_US
            if not self._stopping.is_set():
                self._note_fault(str(error))
            return False
        if self.fault:
            logger.info("The nightly work on records is done again")
        self.fault = ""
        return True

    def count_days(self) -> int:
        """Journal what the last days came to, once for each camera and day; how many were new."""
        now_us = self._clock.wall_us()
        records = self._index.store.reader().records
        days = choose_days_to_count(now_us, back=_DAYS_BACK, settle_us=_AT_US)
        known = {(row.camera_id, row.day) for row in records.counted_days(days[0], days[-1])}
        count = 0
        for day in days:
            for row in records.count_day(day):
                if (row.camera_id, day) in known:
                    continue
                self._journal.note(
                    DayCounted(
                        wall_us=now_us,
                        camera_id=row.camera_id,
                        day=day,
                        recorded_s=row.recorded_s,
                        gap_s=row.gap_s,
                        size_bytes=row.size_bytes,
                        events=row.events,
                    )
                )
                count += 1
        return count

    def sign(self) -> JournalSigned:
        """Sign the head with a checkpoint; without one where the disk has no room for it.

        StoreError, JournalError, OSError, UserError: nothing was signed.
        """
        signer = Signer(self._signing_seed())
        keep_public_key(self._keys_dir, signer.public_key)
        # A crash or the last night may have left more than is kept: make room first.
        remove_old_checkpoints(self._journal_dir, KEPT_CHECKPOINTS)
        try:
            draft = self._draft()
        except StoreError:
            # Once a night is enough: the checkpoint itself is tried again every hour.
            if not self.fault and not self._stopping.is_set():
                self._journal.note_and_wait(self._bare_head(signer), _SYNC_S)
            raise
        signed = self._head_of(draft, signer)
        publish_checkpoint(draft, signed)
        self._journal.note_and_wait(signed, _SYNC_S)
        remove_old_checkpoints(self._journal_dir, KEPT_CHECKPOINTS)
        self._registry.level("surveillance_checkpoint_bytes", value=draft.size_bytes)
        logger.info(
            "Signed the journal up to record %d with checkpoint %s (%d bytes)",
            signed.up_to_seq,
            signed.checkpoint,
            draft.size_bytes,
        )
        return signed

    def drop_payloads(self, keep_us: Mapping[str, int]) -> int:
        """Let go what has reached its time and stands in every kept checkpoint; how many payloads.

        JournalError, OSError, zstandard.ZstdError: some may have gone; the rest is tried again.
        """
        covered_seq = self._covered_seq()
        now_us = self._clock.wall_us()
        files = look_at_payloads(self._journal_dir, keep_us, now_us)
        count = 0
        for drop in choose_payloads_to_drop(files, keep_us, now_us, covered_seq):
            self._journal.note_and_wait(
                PayloadsDropped(
                    wall_us=now_us,
                    retention_class=drop.retention_class,
                    before_wall_us=drop.before_wall_us,
                    payloads=drop.payloads,
                ),
                _SYNC_S,
            )
            unlink_payloads(self._journal_dir, drop)
            self._registry.count(
                "surveillance_journal_payloads_dropped", drop.retention_class, amount=drop.payloads
            )
            count += drop.payloads
        return count

    def _draft(self) -> Draft:
        self._cursor = self._index.store.cursor()
        try:
            return draft_checkpoint(self._cursor, self._journal_dir, self._hash_at)
        finally:
            cursor, self._cursor = self._cursor, None
            cursor.close()

    def _covered_seq(self) -> int:
        """What every kept checkpoint holds: a rebuild may have to stand on the oldest of them.

        0 (nothing may go) unless two of them are proven to be sound now.
        """
        keys = trusted_keys(self._keys_dir)
        sound = []
        for folder in find_checkpoints(self._journal_dir):
            try:
                found = verify_checkpoint(folder, keys, self._hash_at)
            except CheckpointRefusedError as error:
                self._note_fault(str(error))
                continue
            sound.append(found.manifest.up_to_seq)
        return min(sound) if len(sound) > 1 else 0

    def _head_of(self, draft: Draft, signer: Signer) -> JournalSigned:
        return sign_head(
            signer,
            wall_us=self._clock.wall_us(),
            up_to_seq=draft.manifest.up_to_seq,
            head=draft.manifest.head,
            checkpoint=draft.name,
            checkpoint_hash=draft.manifest_hash,
        )

    def _bare_head(self, signer: Signer) -> JournalSigned:
        up_to_seq = self._journal.last_seq
        head = self._hash_at(up_to_seq)
        if head is None:
            raise JournalError(f"record {up_to_seq} of the journal cannot be read: nothing signed")
        return sign_head(signer, wall_us=self._clock.wall_us(), up_to_seq=up_to_seq, head=head)

    def _hash_at(self, seq: int) -> str | None:
        return hash_at(self._journal_dir, seq)

    def _note_fault(self, text: str) -> None:
        self._registry.count("surveillance_record_keeping_errors")
        if text == self.fault:
            return
        self.fault = text
        logger.error("The nightly work on records is not done: %s", text)
        self._journal.note(
            SystemNoted(
                wall_us=self._clock.wall_us(), source="journal", severity="warning", text=text
            )
        )
