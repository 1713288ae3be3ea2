"""The chores worker as a real process: order of deletion, refusals, deaths."""

import asyncio
import os

import pytest

from nvr_app.contract.chores import DeleteFiles, DeletePlaces, Place
from tests.support.chores_worker import ChoresSite

pytestmark = pytest.mark.timeout(120)


def run(tmp_path, story):
    async def live():
        site = ChoresSite(tmp_path / "data")
        await site.start()
        try:
            await story(site)
        finally:
            await site.close()

    asyncio.run(live())


def segment(site, number, *, day="2024-01-31/08"):
    path = f"a/{day}/1706688000{number:03d}-9f3ac210-{number}.mp4"
    (site.root / path).parent.mkdir(parents=True, exist_ok=True)
    (site.root / path).write_bytes(bytes(100 + number))
    return Place("a", f"9f3ac210-{number}", "main", path, 100 + number)


def deletion(*places, chore_id="c1"):
    return DeletePlaces(chore_id=chore_id, places=places, reason="expired")


async def ended(future):
    return await asyncio.wait_for(asyncio.shield(future), 30)


def test_files_go_after_the_journal_knows_and_are_said_to_be_gone_after_that(tmp_path):
    """Invariant S4."""

    async def story(site):
        site.is_journalling = False
        places = [segment(site, n) for n in range(3)]
        done = site.book.submit(deletion(*places))
        await site.until(lambda: len(site.facts) == 3)
        await asyncio.sleep(1)
        assert all((site.root / p.path).exists() for p in places)
        site.journal_again()
        end = await ended(done)
        assert (end.state, end.done, end.failures) == ("done", 3, 0)
        assert end.size_bytes == 303
        await site.until(lambda: len(site.facts) == 6)
        assert site.kinds() == ["SegmentGarbage"] * 3 + ["SegmentGone"] * 3
        assert {(f.root, f.path) for f in site.facts[3:]} == {("main", p.path) for p in places}
        assert list((site.root / "a").iterdir()) == []

    run(tmp_path, story)


def test_an_unmounted_root_makes_nothing_look_deleted(tmp_path):
    """Invariant S5: the files' absence says nothing when the root does not show its identity."""

    async def story(site):
        place = segment(site, 1)
        away = site.root.rename(tmp_path / "away")
        site.root.mkdir()
        end = await ended(site.book.submit(deletion(place)))
        assert (end.state, end.failures) == ("done", 1)
        assert "mounted" in end.detail
        assert site.kinds() == ["SegmentGarbage"]
        assert (away / place.path).exists()

    run(tmp_path, story)


def test_a_refused_file_stays_garbage_and_the_others_go(tmp_path):
    async def story(site):
        places = [segment(site, n) for n in range(3)]
        stubborn = site.root / places[1].path
        stubborn.unlink()
        stubborn.mkdir()  # no unlink takes a folder away: refused also to root
        end = await ended(site.book.submit(deletion(*places)))
        assert (end.done, end.failures) == (3, 1)
        await site.until(lambda: len(site.facts) == 5)
        gone = {f.segment_id for f in site.facts[3:]}
        assert gone == {places[0].segment_id, places[2].segment_id}

    run(tmp_path, story)


def test_places_outside_of_their_root_are_left_alone(tmp_path):
    async def story(site):
        victim = site.data_dir / "config" / "roots.json"
        places = [Place("a", "x-1", "main", path, 1) for path in
                  ("../config/roots.json", str(victim), "")]  # fmt: skip
        end = await ended(site.book.submit(deletion(*places)))
        assert end.failures == 3
        assert victim.exists()

    run(tmp_path, story)


def test_a_killed_worker_is_asked_again_by_the_book(tmp_path):
    async def story(site):
        site.is_journalling = False
        places = [segment(site, n) for n in range(2)]
        done = site.book.submit(deletion(*places))
        await site.until(lambda: len(site.facts) == 2)
        await site.kill_worker()
        assert all((site.root / p.path).exists() for p in places)
        site.is_journalling = True
        await site.start_worker()
        assert (await ended(done)).state == "done"
        assert not any((site.root / p.path).exists() for p in places)

    run(tmp_path, story)


def test_a_cancelled_chore_leaves_off_and_the_next_one_is_done(tmp_path):
    async def story(site):
        site.is_journalling = False
        first, second = segment(site, 1), segment(site, 2)
        done = site.book.submit(deletion(first))
        after = site.book.submit(deletion(second, chore_id="c2"))
        await site.until(lambda: len(site.facts) == 1)
        assert site.book.cancel("c1")
        assert (await ended(done)).state == "cancelled"
        site.journal_again()
        assert (await ended(after)).state == "done"
        assert (site.root / first.path).exists()
        assert not site.book.cancel("c1")

    run(tmp_path, story)


def test_files_of_the_data_folder_go_and_missing_ones_are_no_fault(tmp_path):
    async def story(site):
        picture = site.data_dir / "clips" / "snapshots" / "one.jpg"
        picture.parent.mkdir(parents=True)
        picture.write_bytes(bytes(7))
        paths = ("clips/snapshots/one.jpg", "clips/snapshots/two.jpg", "../outside")
        end = await ended(
            site.book.submit(DeleteFiles(chore_id="f", paths=paths, reason="anonymised"))
        )
        assert (end.state, end.done, end.size_bytes, end.failures) == ("done", 3, 7, 1)
        assert not picture.exists()

    run(tmp_path, story)


@pytest.mark.skipif(os.name == "nt", reason="nice values are POSIX")
def test_it_takes_the_lowest_priority(tmp_path):
    async def story(site):
        assert os.getpriority(os.PRIO_PROCESS, site.process.pid) == 19

    run(tmp_path, story)
