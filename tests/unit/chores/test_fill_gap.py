"""Gaps filled by the real chores worker from a simulated camera's card: parts, trouble, deaths."""

import asyncio
import itertools
import time

import pytest

from engine.card.profile_g import CardRecording
from engine.chores.fill_gap import choose_recordings
from engine.chores.start import CardStart
from engine.recording.content_hash import hash_file
from nvr_app.contract.chores import FillGap
from nvr_app.contract.config import Credentials
from nvr_app.contract.events import GapFilled, SegmentClosed, SegmentOpened
from tests.support.card_clip import make_unlike_clip
from tests.support.chores_worker import ChoresSite
from tests.support.onvif_camera import PASSWORD, USER, OnvifCamera

S = 1_000_000
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def unlike(tmp_path_factory):
    return make_unlike_clip(tmp_path_factory.mktemp("card") / "unlike.mp4")


@pytest.fixture
def camera(unlike):
    one = OnvifCamera(unlike, card_from_us=time.time_ns() // 1_000 - 3_600 * S).start()
    yield one
    one.close()


@pytest.fixture
def told(tmp_path, camera):
    """Runs a story on a site whose worker knows the camera."""

    def run(story):
        async def live():
            site = ChoresSite(tmp_path / "data")
            login = Credentials(user=USER, password=PASSWORD)
            site.cards = (CardStart(camera_id="a", onvif=camera.onvif_url, credentials=login),)
            await site.start()
            try:
                return await story(site)
            finally:
                await site.close()

        return asyncio.run(live())

    return run


def gap(length_s=12, chore_id="f1"):
    end_us = time.time_ns() // 1_000 - 60 * S
    return FillGap(
        chore_id=chore_id, camera_id="a", start_wall_us=end_us - length_s * S, end_wall_us=end_us,
        root="main",
    )  # fmt: skip


async def ended(future):
    return await asyncio.wait_for(asyncio.shield(future), 60)


def facts(site, kind):
    return [fact for fact in site.facts if isinstance(fact, kind)]


def files(site):
    return sorted(path for path in site.root.rglob("*") if path.is_file() and "mp4" in path.name)


def test_a_gap_becomes_segments_that_follow_each_other_and_are_what_was_journalled(told):
    async def story(site):
        chore = gap()
        end = await ended(site.book.submit(chore))
        assert (end.state, end.failures) == ("done", 0)
        closed = facts(site, SegmentClosed)
        assert len(closed) >= 2  # five seconds each
        assert chore.start_wall_us <= closed[0].start_wall_us < chore.start_wall_us + S
        assert closed[-1].end_wall_us <= chore.end_wall_us
        assert closed[-1].end_wall_us > chore.end_wall_us - S // 10
        for one, following in itertools.pairwise(closed):
            assert one.end_wall_us == following.start_wall_us
        for one in closed:
            path = site.root / one.path
            assert (path.stat().st_size, hash_file(path)) == (one.size_bytes, one.content_hash)
        assert {fact.origin for fact in (*closed, *facts(site, SegmentOpened))} == {"card"}
        spans = [(one.start_wall_us, one.end_wall_us) for one in closed]
        assert [(f.start_wall_us, f.end_wall_us) for f in facts(site, GapFilled)] == spans
        assert len(files(site)) == len(closed)
        assert not list((site.data_dir / "spool" / "card").iterdir())

    told(story)


def test_what_came_before_the_camera_broke_off_stays(told, camera):
    async def story(site):
        camera.fault = "cut"  # after two seconds of pictures
        end = await ended(site.book.submit(gap()))
        assert "s of 12.0 s were fetched" in end.detail
        (one,) = facts(site, SegmentClosed)
        assert 1 * S < one.end_wall_us - one.start_wall_us < 3 * S
        assert [path.name for path in files(site)] == [one.path.rpartition("/")[2]]

    told(story)


def test_a_card_with_a_hole_leaves_a_hole(told, camera):
    async def story(site):
        chore = gap()
        middle_us = chore.start_wall_us + 6 * S
        camera.card = [(camera.card[0][0], middle_us - 2 * S), (middle_us + 2 * S, 2**52)]
        first = await ended(site.book.submit(chore))
        assert first.state == "done"
        reached_us = max(one.end_wall_us for one in facts(site, SegmentClosed))
        begun_us = min(one.start_wall_us for one in facts(site, SegmentClosed))
        covered = sum(f.end_wall_us - f.start_wall_us for f in facts(site, GapFilled))
        assert reached_us - begun_us > 9 * S
        assert covered < 9 * S
        assert all(
            f.end_wall_us <= middle_us - 1.9 * S
            or f.start_wall_us >= middle_us + 0.9 * S  # from a keyframe on
            for f in facts(site, GapFilled)
        )

    told(story)


TROUBLES = (
    ("card", [], "done", "holds nothing of that time"),
    ("password", "other", "failed", "refuses this login"),
    ("has_profile_g", False, "failed", "Profile G"),
    ("offset_us", 3 * 31_557_600 * S, "failed", "3 years ahead"),
    ("fault", "no_marks", "failed", "0xABAC"),
)


def test_trouble_is_told_and_leaves_nothing_behind(told, camera):
    async def story(site):
        for name, spoilt, state, words in TROUBLES:
            well = getattr(camera, name)
            setattr(camera, name, spoilt)
            end = await ended(site.book.submit(gap(chore_id=name)))
            setattr(camera, name, well)
            assert (name, end.state) == (name, state)
            assert words in end.detail
        assert files(site) == []
        assert facts(site, SegmentClosed) == []

    told(story)


def test_a_clock_that_is_a_minute_off_is_made_good(told, camera):
    async def story(site):
        camera.offset_us = 60 * S
        chore = gap()
        await ended(site.book.submit(chore))
        for one in facts(site, SegmentClosed):
            assert chore.start_wall_us <= one.start_wall_us
            assert one.end_wall_us <= chore.end_wall_us
        filled = sum(f.end_wall_us - f.start_wall_us for f in facts(site, GapFilled))
        assert filled > 9 * S

    told(story)


def test_a_worker_killed_between_name_and_facts_leaves_no_file_that_nobody_knows(told):
    """Invariant S2."""

    async def story(site):
        site.is_journalling = False
        site.book.submit(gap())
        await site.until(lambda: facts(site, SegmentClosed))
        await site.kill_worker()
        known = {one.path for one in facts(site, SegmentClosed)}
        assert known == {path.relative_to(site.root).as_posix() for path in files(site)}
        site.is_journalling = True
        (site.root / "a").mkdir(exist_ok=True)
        site.facts.clear()
        site.book.close()  # nobody asks for the gap again
        await site.start_worker()
        await site.until(lambda: {one.path for one in facts(site, SegmentClosed)} >= known)
        await site.until(lambda: not list((site.data_dir / "spool" / "card").iterdir()))

    told(story)


def test_the_recording_that_holds_most_of_the_time_is_asked_first():
    short, long = CardRecording("s", 0, 12 * S), CardRecording("l", 12 * S, 90 * S)
    other = CardRecording("o", 90 * S, 99 * S)
    assert choose_recordings([short, other, long], 10 * S, 30 * S) == [long, short]
    assert choose_recordings([short], 20 * S, 30 * S) == []
