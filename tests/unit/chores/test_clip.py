"""Event clips as a chore."""

import av
import pytest

from engine.chores.clip import cut_event_clip
from engine.chores.errors import ChoreError
from engine.media.clip_cutter import ClipCutError
from engine.recording.content_hash import hash_file
from nvr_app.contract.chores import CutClip, Footage, Place
from tests.conftest import make_clip
from tests.support.chore_bench import ChoreBench

START = 1_769_848_200_000_000
S = 1_000_000


@pytest.fixture
def site(tmp_path):
    made = ChoreBench(tmp_path / "data", roots=("hot",))
    yield made
    made.close()


def segments(site, count=2):
    found = []
    for n in range(count):
        path = f"a/2026-01-31/08/17698482{n:05d}-9f3ac210-{n}.mp4"
        file = site.folder("hot") / path
        file.parent.mkdir(parents=True, exist_ok=True)
        make_clip(file, size=(160, 90))
        found.append(
            Footage(
                place=Place("a", f"9f3ac210-{n}", "hot", path, file.stat().st_size),
                start_wall_us=START + n * 4 * S, end_wall_us=START + (n + 1) * 4 * S,
                content_hash="",
            )
        )  # fmt: skip
    return tuple(found)


def chore(footage, start=2, end=6, clip_id="e1"):
    return CutClip(
        chore_id="c1", clip_id=clip_id, event_id="e1", camera_id="a", footage=footage,
        start_wall_us=START + start * S, end_wall_us=START + end * S,
    )  # fmt: skip


def test_a_clip_is_on_the_disk_before_it_is_told(site):
    there = []
    site.on_fact = lambda fact: there.append((site.data_dir / fact.path).stat().st_size)
    cut_event_clip(chore(segments(site)), site.bench)
    (kept,) = site.settle()
    assert kept.path == "clips/a/2026-01-31/e1.mp4"
    assert there == [kept.size_bytes]
    assert kept.content_hash == hash_file(site.data_dir / kept.path)
    assert (kept.start_wall_us, kept.event_id, kept.camera_id) == (START + 2 * S, "e1", "a")
    assert abs(kept.end_wall_us - (START + 6 * S)) < 40_000
    with av.open(str(site.data_dir / kept.path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 120


def test_footage_that_went_meanwhile_makes_no_clip_and_leaves_nothing(site):
    footage = segments(site, 1)
    (site.folder("hot") / footage[0].place.path).unlink()
    with pytest.raises(FileNotFoundError):
        cut_event_clip(chore(footage), site.bench)
    with pytest.raises(ClipCutError):
        cut_event_clip(chore(segments(site, 1), start=90, end=99), site.again())
    assert site.settle() == []
    assert [p for p in (site.data_dir / "clips").rglob("*") if p.is_file()] == []


def test_an_id_cannot_lead_out_of_the_folder(site):
    with pytest.raises(ChoreError, match="makes no file name"):
        cut_event_clip(chore(segments(site, 1), clip_id="../../../x"), site.bench)
