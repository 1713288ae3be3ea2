"""A storage root that hangs stalls only those who want something from it."""

import asyncio
import threading

import pytest

from engine.hub.disk_threads import DiskThreads, RootNotAnsweringError


def test_a_hung_root_is_named_and_others_answer_meanwhile():
    hung = threading.Event()

    async def ask():
        disks = DiskThreads(timeout_s=0.2)
        waiting = [asyncio.ensure_future(disks.run("nas", lambda: hung.wait(30))) for _ in range(9)]
        assert await disks.run("main", lambda: 7) == 7
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(one, RootNotAnsweringError) for one in found)
        assert "nas" in str(found[0])
        hung.set()  # it is back: what nobody waits for any more is left out
        assert await asyncio.wait_for(disks.run("nas", lambda: 8), 20) == 8

    asyncio.run(ask())


def test_what_fails_in_the_thread_fails_here():
    def fail():
        raise OSError("the disk is gone")

    async def ask():
        with pytest.raises(OSError, match="gone"):
            await DiskThreads().run("main", fail)

    asyncio.run(ask())
