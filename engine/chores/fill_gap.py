"""A gap is filled from the camera's own card, as far as the card holds it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from engine.base.errors import EngineError
from engine.card.profile_g import Card, CardRecording
from engine.chores.bench import Bench
from engine.chores.card_book import CardBook
from engine.chores.card_segments import CardSegments, placed
from engine.chores.errors import ChoreCancelledError, ChoreError
from engine.chores.start import CardStart
from engine.media.replay.errors import NothingRecordedError
from engine.media.replay.session import ReplaySession
from nvr_app.contract.chores import AnyChore, FillGap
from nvr_app.contract.timebase import US_PER_S

logger = logging.getLogger(__name__)


def fill_gap(chore: AnyChore, bench: Bench) -> None:
    """Work of `FillGap`. Whatever was fetched stays, also when the rest fails."""
    if not isinstance(chore, FillGap):
        raise TypeError(type(chore).__name__)
    bench.progress(total=(chore.end_wall_us - chore.start_wall_us) // 1_000)
    start = bench.shop.cards.get(chore.camera_id)
    if start is None:
        raise ChoreError(f"{chore.camera_id} has no ONVIF address any more: nothing is fetched")
    try:
        with _connected(start, bench) as card:
            _fill(chore, start, card, bench)
    except ChoreCancelledError:
        raise
    except (EngineError, OSError):
        bench.shop.measures.count("surveillance_gap_fill_failures", chore.camera_id)
        raise


def choose_recordings(
    recordings: Sequence[CardRecording], start_wall_us: int, end_wall_us: int
) -> list[CardRecording]:
    """Those that touch [start, end) by the camera's clock, what holds most of it first. Pure."""

    def shared_us(one: CardRecording) -> int:
        # One that is being written tells an end that may lie behind what it holds.
        end_us = max(one.end_wall_us, one.start_wall_us)
        return min(end_us, end_wall_us) - max(one.start_wall_us, start_wall_us)

    touching = [one for one in recordings if shared_us(one) > 0]
    return sorted(touching, key=shared_us, reverse=True)


@contextmanager
def _connected(start: CardStart, bench: Bench) -> Iterator[Card]:
    card = Card(start.onvif, start.credentials, bench.shop.clock, verify_tls=start.verify_tls)
    try:
        card.connect()
        card.require_trusted_clock()
        yield card
    finally:
        card.close()


def _fill(chore: FillGap, start: CardStart, card: Card, bench: Bench) -> None:
    """From the recording that holds most of it; another one may serve in the next round."""
    offset_us = card.offset_us
    found = choose_recordings(
        card.recordings(), chore.start_wall_us + offset_us, chore.end_wall_us + offset_us
    )
    if not found:
        bench.progress(detail="the camera's card holds nothing of that time")
        return
    bench.look_up()
    url = card.replay_url(found[0].token)
    session = ReplaySession(url, start.credentials, bench.shop.clock, bench.look_up)
    try:
        _fetch(chore, session, offset_us, bench)
    except NothingRecordedError as error:
        bench.progress(detail=str(error))
    finally:
        session.close()


def _fetch(chore: FillGap, session: ReplaySession, offset_us: int, bench: Bench) -> None:
    video = session.open()
    segments = CardSegments(
        chore, bench.shop.recording, CardBook(bench.shop.card_book), bench,
        codec=video.codec, described=video.parameter_sets, offset_us=offset_us,
    )  # fmt: skip
    units = session.units(video, chore.start_wall_us + offset_us, chore.end_wall_us + offset_us)
    try:
        try:
            for one in placed(units, chore, offset_us):
                bench.look_up()
                segments.take(one)
        finally:
            segments.close()
    finally:
        segments.abandon()
        wanted_s = (chore.end_wall_us - chore.start_wall_us) / US_PER_S
        got = f"{segments.filled_us / US_PER_S:.1f} s of {wanted_s:.1f} s were fetched"
        logger.info("%s: %s from the camera's card", chore.camera_id, got)
        bench.progress(detail=got)
