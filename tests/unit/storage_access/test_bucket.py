"""A bucket as a cold root, against a real HTTP server that speaks S3."""

from __future__ import annotations

import os

import pytest
from moto.server import ThreadedMotoServer

from engine.recording.content_hash import hash_file
from engine.storage_access.bucket import Bucket, BucketError, BucketFile
from nvr_app.contract.config import BucketSettings, Credentials

LOGIN = Credentials(user="key", password="secret")


@pytest.fixture(scope="module")
def store():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(store):
    settings = BucketSettings(
        name="vault", bucket="footage", prefix="site/", region="eu-central-1", endpoint=store,
        storage_class="GLACIER_IR",
    )  # fmt: skip
    made = Bucket(settings, LOGIN)
    made._client.create_bucket(
        Bucket="footage", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    yield made
    for one in made._client.list_objects_v2(Bucket="footage").get("Contents", []):
        made._client.delete_object(Bucket="footage", Key=one["Key"])
    made._client.delete_bucket(Bucket="footage")


@pytest.fixture
def segment(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(os.urandom(6_000_000))
    return path


def test_a_file_comes_back_byte_by_byte_from_any_place(bucket, segment):
    bucket.require()
    path, data = "a/2026-01-01/00/1.mp4", segment.read_bytes()
    assert bucket.put(path, segment, hash_file(segment)) == len(data)
    assert bucket.size(path) == len(data)
    assert bucket.content_hash(path) == hash_file(segment)
    kept = bucket._client.head_object(Bucket="footage", Key=f"site/{path}")
    assert kept["StorageClass"] == "GLACIER_IR"
    file = BucketFile(bucket, path)
    assert file.size() == len(data)
    for offset, size in ((0, 100), (100, 4_000_000), (5_999_990, 100), (4_100_000, 300_000)):
        assert file.read(offset, size) == data[offset : offset + size]
    assert file.read(6_000_000, 10) == b""
    file.close()
    file.close()


def test_a_fetched_file_is_the_one_that_was_put(bucket, segment, tmp_path):
    bucket.put("a/1.mp4", segment, "h")
    bucket.fetch("a/1.mp4", tmp_path / "back.mp4")
    assert (tmp_path / "back.mp4").read_bytes() == segment.read_bytes()
    with pytest.raises(FileExistsError):
        bucket.fetch("a/1.mp4", tmp_path / "back.mp4")


def test_what_is_gone_is_gone_and_goes_twice(bucket, segment):
    bucket.put("a/1.mp4", segment, "h")
    bucket.remove("a/1.mp4")
    bucket.remove("a/1.mp4")
    assert bucket.size("a/1.mp4") is None
    with pytest.raises(BucketError, match="is not in bucket vault"):
        BucketFile(bucket, "a/1.mp4").size()
    with pytest.raises(BucketError, match=r"could not read a/1.mp4 in bucket footage \(vault\)"):
        bucket.read("a/1.mp4", 0, 10)


def test_a_bucket_that_is_not_there_is_a_sentence(store):
    settings = BucketSettings(name="x", bucket="nowhere", region="eu-central-1", endpoint=store)
    with pytest.raises(BucketError, match="check the bucket's name, region and login"):
        Bucket(settings, LOGIN).require()


def test_nothing_leaves_its_prefix(bucket, segment):
    for path in ("../b.mp4", "/b.mp4"):
        with pytest.raises(BucketError, match="does not lie in bucket"):
            bucket.put(path, segment, "h")
