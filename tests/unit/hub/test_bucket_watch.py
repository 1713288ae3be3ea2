"""Buckets that do not answer are seen, and used again once they do."""

import asyncio
import socket

from moto.server import ThreadedMotoServer

from engine.hub.ageing_plan import tier_roots
from engine.hub.bucket_watch import BucketWatch
from engine.hub.disk_threads import DiskThreads
from engine.storage_access.bucket_start import BucketStart
from engine.storage_access.buckets import Buckets
from nvr_app.contract.config import BucketSettings, Credentials


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_a_store_that_is_away_takes_nothing_until_it_answers():
    port = free_port()
    settings = BucketSettings(
        name="vault", bucket="watched", region="us-east-1", endpoint=f"http://127.0.0.1:{port}"
    )
    buckets = Buckets([BucketStart(settings=settings, login=Credentials(user="k", password="s"))])
    watch = BucketWatch(buckets, DiskThreads(timeout_s=60))
    asyncio.run(watch._look("vault"))
    assert "check the bucket's name, region and login, and the network" in watch.faults["vault"]
    assert watch.usable == ()
    assert not tier_roots([], watch.names, frozenset(watch.faults))[0].is_usable
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        asyncio.run(watch._look("vault"))
        assert "404" in watch.faults["vault"]  # the store is there, the bucket is not
        buckets.get("vault")._client.create_bucket(Bucket="watched")
        asyncio.run(watch._look("vault"))
        assert watch.faults == {}
        assert watch.usable == ("vault",)
    finally:
        server.stop()
