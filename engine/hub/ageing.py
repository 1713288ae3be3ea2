"""Ageing, driven: every so often the hub looks what is due and asks the chores worker for it.

Nothing is remembered that matters: what is due stands in the index, so a restart of hub or
worker, or a chore that came to nothing, is made good by the next look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable

from engine.ageing.stages import stages_of
from engine.hub import ageing_plan as plan
from engine.hub.core import HubCore
from engine.hub.query_pool import DatabaseUnavailableError
from nvr_app.contract.chores import CutClip, Footage, MoveFootage, ReencodeFootage
from nvr_app.contract.custody_facts import FootageProtected
from nvr_app.contract.events import AnyFact
from nvr_app.contract.ids import new_id
from nvr_app.contract.timebase import NS_PER_S

logger = logging.getLogger(__name__)

_PERIOD_S = 5.0
_BATCH_BYTES = 4 * 1024**3
_REST_NS = 600 * NS_PER_S
"""How long what failed is left alone: its disk may be away, its file is not going to mend."""
_LAG_NS = 20 * NS_PER_S
"""How long the index may take to hear of what was done."""
_LONGEST_REST_NS = 6 * 3_600 * NS_PER_S
_MOST_FAILURES = 1_000
_CLIPS_AT_ONCE = 4
_BACKLOG_ROUNDS = 12


class AgeingDriver:
    """Use from the loop's thread."""

    def __init__(self, core: HubCore) -> None:
        settings = core.start.settings
        self._core = core
        self._stages = stages_of(settings.ageing)
        self._buckets = tuple(bucket.settings.name for bucket in core.start.buckets)
        self._resting: dict[tuple[str, str], int] = {}
        """By kind of work and segment or event: monotonic time until which it is left alone."""
        self._moving: MoveFootage | None = None
        self._encoding: ReencodeFootage | None = None
        self._cutting: set[str] = set()
        self._failures: dict[str, int] = {}
        """How often the clip of an event could not be cut in a row."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """For ever. What cannot be asked now is asked in the next round."""
        rounds = 0
        while True:
            try:
                await self._look(with_backlog=rounds % _BACKLOG_ROUNDS == 0)
            except DatabaseUnavailableError as error:
                logger.debug("Ageing looks again later: %s", error)
            rounds += 1
            await asyncio.sleep(_PERIOD_S)

    def take_facts(self, facts: Iterable[AnyFact]) -> None:
        """A protection comes into force at once: what it covers is not encoded anew any more."""
        for fact in facts:
            if isinstance(fact, FootageProtected) and self._encoding is not None:
                footage = self._encoding.footage
                is_touched = (
                    fact.start_wall_us < footage.end_wall_us
                    and fact.end_wall_us > footage.start_wall_us
                    and (not fact.camera_ids or footage.place.camera_id in fact.camera_ids)
                )
                if is_touched:
                    self._core.chores.cancel(self._encoding.chore_id)

    async def _look(self, *, with_backlog: bool) -> None:
        now_ns = self._core.clock.mono_ns()
        self._resting = {key: until for key, until in self._resting.items() if until > now_ns}
        self._forget_failures()
        await self._cut()
        if not self._core.storage.usages:
            return  # nothing is known of the roots yet
        if self._moving is None:
            await self._move()
        if self._stages and self._encoding is None:
            await self._encode()
        if with_backlog:
            await self._count()

    def _forget_failures(self) -> None:
        """All but those of the last events: of older ones no clip is asked for any more."""
        for event_id in list(self._failures)[:-_MOST_FAILURES]:
            del self._failures[event_id]

    async def _move(self) -> None:
        question = plan.MoveQuestion(
            roots=tuple(
                plan.tier_roots(
                    self._core.storage.usages, self._buckets, frozenset(self._core.buckets.faults)
                )
            ),
            buckets=frozenset(self._buckets),
            policy=plan.tier_policy(self._core.start.settings, self._core.state.cameras.values()),
            now_wall_us=self._core.clock.wall_us(),
            most_bytes=_BATCH_BYTES,
            resting=self._left_alone("move"),
        )
        found = await self._core.queries.run(lambda reader: plan.moves(reader, question))
        if not found:
            return
        to_root = found[0].to_root
        is_cold = any(root.name == to_root and root.role == "cold" for root in question.roots)
        chore = MoveFootage(
            chore_id=new_id(),
            footage=tuple(plan.footage_from(move.segment) for move in found),
            to_root=to_root,
            reason=found[0].reason,
            with_manifest=is_cold,
            storage_class=(
                plan.archive_class(self._core.start.settings)
                if found[0].reason == "archived"
                else ""
            ),
        )
        self._moving = chore
        self._follow(self._finish_move(chore))

    async def _finish_move(self, chore: MoveFootage) -> None:
        try:
            end = await self._core.chores.submit(chore)
        finally:
            self._moving = None
        if end.state != "done" or end.failures:
            self._rest("move", chore.footage, _REST_NS)

    async def _encode(self) -> None:
        now_us = self._core.clock.wall_us()
        unusable = frozenset(self._buckets) | {
            usage.name
            for usage in self._core.storage.usages
            if usage.state not in {"available", "slow"}
        }
        resting = self._left_alone("encode")
        found = await self._core.queries.run(
            lambda reader: plan.reencodings(reader, self._stages, now_us, 50, unusable)
        )
        for one in found:
            if one.segment.segment_id in resting:
                continue
            self._encoding = ReencodeFootage(
                chore_id=new_id(),
                footage=plan.footage_from(one.segment),
                codec=one.target.codec,
                crf=one.target.crf,
                preset=one.target.preset,
                cpu_share=self._core.start.settings.ageing.cpu_share,
            )
            self._follow(self._finish_encoding(self._encoding))
            return

    async def _finish_encoding(self, chore: ReencodeFootage) -> None:
        try:
            end = await self._core.chores.submit(chore)
        finally:
            self._encoding = None
        # Also what went well: the index hears of it a moment later, and is not to offer it again.
        self._rest("encode", (chore.footage,), _LAG_NS if end.state == "done" else _REST_NS)
        if end.state == "done":
            await self._encode_next()

    async def _encode_next(self) -> None:
        """A backlog is worked off without pauses: the CPU budget is what slows it down."""
        try:
            if self._encoding is None:
                await self._encode()
        except DatabaseUnavailableError as error:
            logger.debug("Ageing looks again later: %s", error)

    async def _cut(self) -> None:
        settings = self._core.start.settings.clips
        room = _CLIPS_AT_ONCE - len(self._cutting)
        if room <= 0:
            return
        now_us = self._core.clock.wall_us()
        tried = self._left_alone("clip")
        found = await self._core.queries.run(
            lambda reader: plan.clips(reader, settings, now_us, room, tried)
        )
        for one in found:
            span = one.span
            chore = CutClip(
                chore_id=new_id(),
                clip_id=span.event_id,
                event_id=span.event_id,
                camera_id=span.camera_id,
                start_wall_us=span.start_wall_us,
                end_wall_us=span.end_wall_us,
                footage=one.footage,
            )
            self._cutting.add(span.event_id)
            self._follow(self._finish_clip(chore))

    async def _finish_clip(self, chore: CutClip) -> None:
        try:
            end = await self._core.chores.submit(chore)
        finally:
            self._cutting.discard(chore.event_id)
        # Footage that moved in that moment is there at the next try; what is damaged stays so.
        failures = 0 if end.state == "done" else self._failures.get(chore.event_id, 0) + 1
        self._failures[chore.event_id] = failures
        rest_ns = min(_LAG_NS * 4**failures, _LONGEST_REST_NS)
        self._resting["clip", chore.event_id] = self._core.clock.mono_ns() + rest_ns

    async def _count(self) -> None:
        now_us = self._core.clock.wall_us()
        waiting = await self._core.queries.run(
            lambda reader: plan.backlog(reader, self._stages, now_us)
        )
        for codec, (segments, size) in waiting.items():
            level = self._core.registry.level
            level("surveillance_reencode_backlog_segments", codec, value=segments)
            level("surveillance_reencode_backlog_bytes", codec, value=size)

    def _left_alone(self, kind: str) -> frozenset[str]:
        """What that kind of work does not touch now: it rests, or another is at it."""
        found = {key for of, key in self._resting if of == kind} | self._cutting
        if self._moving is not None:
            found |= {footage.place.segment_id for footage in self._moving.footage}
        if self._encoding is not None:
            found.add(self._encoding.footage.place.segment_id)
        return frozenset(found)

    def _rest(self, kind: str, footage: Iterable[Footage], how_long_ns: int) -> None:
        until = self._core.clock.mono_ns() + how_long_ns
        for one in footage:
            self._resting[kind, one.place.segment_id] = until

    def _follow(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
