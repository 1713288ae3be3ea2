"""Moves: verified, journalled, and only then the old file goes; nothing is ever lost on the way."""

import json

import pytest
from moto.server import ThreadedMotoServer

from engine.chores.delete import delete_places
from engine.chores.errors import ChoreCancelledError
from engine.chores.move import move_footage
from engine.recording.content_hash import hash_file
from engine.storage_access.bucket import Bucket
from engine.storage_access.bucket_start import BucketStart
from nvr_app.contract.chores import DeletePlaces, Footage, MoveFootage, Place
from nvr_app.contract.config import BucketSettings, Credentials
from tests.support.chore_bench import ChoreBench

START = 1_769_848_200_000_000


@pytest.fixture
def site(tmp_path):
    made = ChoreBench(tmp_path / "data", roots=("hot", "warm"))
    yield made
    made.close()


def segment(site, number, *, root="hot"):
    path = f"a/2026-01-31/08/17698482{number:05d}-9f3ac210-{number}.mp4"
    file = site.folder(root) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes([number]) * 3_000_000)
    return Footage(
        place=Place("a", f"9f3ac210-{number}", root, path, 3_000_000),
        start_wall_us=START, end_wall_us=START + 60_000_000, content_hash=hash_file(file),
    )  # fmt: skip


def move(*footage, to="warm", **options):
    return MoveFootage(chore_id="c1", footage=footage, to_root=to, reason="tier", **options)


def test_a_segment_lies_at_its_new_place_before_the_old_one_goes(site):
    """Invariants S3 and S4."""
    one = segment(site, 1)
    old, new = site.folder("hot") / one.place.path, site.folder("warm") / one.place.path
    seen = []
    site.on_fact = lambda fact: seen.append(
        (type(fact).__name__, old.exists(), new.exists() and hash_file(new) == one.content_hash)
    )
    move_footage(move(one), site.bench)
    site.settle()
    assert seen[:2] == [("SegmentMoved", True, True), ("SegmentGarbage", True, True)]
    assert seen[2] == ("SegmentGone", False, True)
    moved, garbage, gone = site.facts
    assert (moved.root, moved.path, moved.reason) == ("warm", one.place.path, "tier")
    assert (moved.size_bytes, moved.content_hash) == (3_000_000, one.content_hash)
    assert (garbage.root, gone.root) == ("hot", "hot")
    assert (site.bench.moved.done, site.bench.moved.failures) == (1, 0)


def test_the_old_file_stays_while_the_journal_does_not_answer(site):
    one = segment(site, 1)
    site.is_acknowledging = False

    def stop(fact):
        if type(fact).__name__ == "SegmentGarbage":
            site.bench.cancel()

    site.on_fact = stop
    with pytest.raises(ChoreCancelledError):
        move_footage(move(one), site.bench)
    assert (site.folder("hot") / one.place.path).exists()
    site.is_acknowledging = True
    site.on_fact = lambda fact: None
    move_footage(move(one), site.again())  # the same again, as after a restart
    assert not (site.folder("hot") / one.place.path).exists()
    assert hash_file(site.folder("warm") / one.place.path) == one.content_hash


def test_a_half_copy_of_a_killed_worker_is_no_hindrance_and_does_not_stay(site):
    one = segment(site, 1)
    target = site.folder("warm") / one.place.path
    target.parent.mkdir(parents=True)
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(b"half")
    move_footage(move(one), site.bench)
    assert hash_file(target) == one.content_hash
    assert not part.exists()


def test_damaged_footage_stays_where_it_is_and_the_others_go(site):
    bad, good = segment(site, 1), segment(site, 2)
    (site.folder("hot") / bad.place.path).write_bytes(b"other bytes")
    move_footage(move(bad, good), site.bench)
    assert (site.folder("hot") / bad.place.path).exists()
    assert not (site.folder("warm") / bad.place.path).exists()
    assert [fact.segment_id for fact in site.settle()] == [good.place.segment_id] * 3
    assert (site.bench.moved.done, site.bench.moved.failures) == (2, 1)
    assert "not as it was recorded" in site.bench.moved.detail


def test_a_root_that_shows_no_identity_takes_nothing(site):
    """Invariant S5."""
    one = segment(site, 1)
    (site.folder("warm") / ".nvr-root.json").unlink()
    move_footage(move(one), site.bench)
    assert site.settle() == []
    assert list(site.folder("warm").iterdir()) == []
    assert (site.folder("hot") / one.place.path).exists()


def test_what_is_gone_already_is_not_said_to_have_moved(site):
    one = segment(site, 1)
    (site.folder("hot") / one.place.path).unlink()
    move_footage(move(one), site.bench)
    assert site.settle() == []
    assert site.bench.moved.failures == 1


def test_what_is_being_moved_is_not_deleted(site):
    one = segment(site, 1)
    assert site.shop.claims.take(one.place.segment_id)
    chore = DeletePlaces(chore_id="d", places=(one.place,), reason="expired")
    delete_places(chore, site.bench)
    assert site.settle() == []
    assert (site.folder("hot") / one.place.path).exists()
    move_footage(move(one), site.again())
    assert site.settle() == []
    site.shop.claims.release(one.place.segment_id)
    move_footage(move(one), site.again())
    assert site.kinds() == ["SegmentMoved", "SegmentGarbage", "SegmentGone"]


def test_an_archive_leaves_a_manifest_of_what_really_went(site):
    good, bad = segment(site, 1), segment(site, 2)
    (site.folder("hot") / bad.place.path).unlink()
    move_footage(move(good, bad, with_manifest=True), site.bench)
    (found,) = (site.folder("warm") / "manifests").rglob("*.json")
    told = json.loads(found.read_bytes())
    assert told["cameras"] == {"a": 1}
    assert told["size_bytes"] == 3_000_000
    (file,) = told["files"]
    assert hash_file(site.folder("warm") / file["path"]) == file["blake2b"]
    assert (told["first"], told["last"]) == (
        "2026-01-31T08:30:00+00:00", "2026-01-31T08:31:00+00:00",
    )  # fmt: skip


def test_to_a_bucket_and_out_of_the_world_again(tmp_path):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = BucketSettings(
        name="vault", bucket="moves", region="us-east-1", endpoint=f"http://{host}:{port}"
    )
    login = Credentials(user="k", password="s")
    bucket = Bucket(settings, login)
    bucket._client.create_bucket(Bucket="moves")
    site = ChoreBench(
        tmp_path / "data", roots=("hot",), buckets=[BucketStart(settings=settings, login=login)]
    )
    try:
        one = segment(site, 1)
        archive = move(one, to="vault", with_manifest=True, storage_class="GLACIER_IR")
        move_footage(archive, site.bench)
        assert site.kinds() == ["SegmentMoved", "SegmentGarbage", "SegmentGone"]
        assert not (site.folder("hot") / one.place.path).exists()
        assert bucket.content_hash(one.place.path) == one.content_hash
        head = bucket._client.head_object(Bucket="moves", Key=one.place.path)
        assert head["StorageClass"] == "GLACIER_IR"
        keys = [o["Key"] for o in bucket._client.list_objects_v2(Bucket="moves")["Contents"]]
        assert sum(key.startswith("manifests/") for key in keys) == 1
        there = Place("a", one.place.segment_id, "vault", one.place.path, 3_000_000)
        delete_places(DeletePlaces(chore_id="d", places=(there,), reason="expired"), site.again())
        assert bucket.size(one.place.path) is None
        assert site.kinds()[3:] == ["SegmentGarbage", "SegmentGone"]
    finally:
        site.close()
        server.stop()
