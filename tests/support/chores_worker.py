"""The real chores worker process, on a channel server whose journal is a test's to command."""

from __future__ import annotations

import asyncio

import msgspec

from engine.base.clock import SystemClock
from engine.base.program import child_argv
from engine.chores.start import ChoresWorkerStart
from engine.hub.channel_server import ChannelServer
from engine.hub.chores import ChoreBook
from engine.recording.root_start import RootStart
from engine.recording.storage_root import prepare_roots
from nvr_app.contract import wire
from nvr_app.contract.config import RecordingSettings


class ChoresSite:
    """A hub's channel and book, one storage root, and the worker in a process of its own."""

    def __init__(self, data_dir):
        self.data_dir = data_dir
        self.root = data_dir / "recordings"
        (data_dir / "run").mkdir(parents=True)
        (data_dir / "config").mkdir()
        self.roots = prepare_roots(
            [RootStart(name="main", path=str(self.root), identity="")],
            data_dir / "config" / "roots.json",
        )
        self.cards = ()
        self.facts = []
        self.is_journalling = True
        """False: facts arrive and are not acknowledged, as with a journal whose disk hangs."""
        self.joined = asyncio.Event()
        self._held = []
        self._channels = ChannelServer(data_dir / "run", "tests", self)
        self.book = ChoreBook(self._channels, SystemClock())
        self.process = None

    async def start(self):
        await self._channels.start()
        await self.start_worker()

    async def start_worker(self):
        start = ChoresWorkerStart(
            name="chores", data_dir=str(self.data_dir),
            roots=self.roots, cards=self.cards, recording=RecordingSettings(segment_s=5),
        )  # fmt: skip
        self.joined.clear()
        self.process = await asyncio.create_subprocess_exec(
            *child_argv("chores"),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        self.process.stdin.write(msgspec.json.encode(start) + b"\n")
        await asyncio.wait_for(self.joined.wait(), 30)

    async def kill_worker(self):
        self.process.kill()
        await asyncio.wait_for(self.process.wait(), 10)

    async def close(self):
        self.book.close()
        self.process.stdin.close()
        await asyncio.wait_for(self.process.wait(), 20)
        await self._channels.stop()

    def journal_again(self):
        self.is_journalling = True
        for link, number in self._held:
            link.send(wire.Ack(number=number))
        self._held.clear()

    async def until(self, condition, limit_s=30.0):
        async with asyncio.timeout(limit_s):
            while not condition():  # noqa: ASYNC110  what changes is in another process
                await asyncio.sleep(0.02)

    def kinds(self):
        return [type(fact).__name__ for fact in self.facts]

    # --- what the channel tells

    def last_number(self, producer):
        return self._last_number

    _last_number = 0

    async def take_facts(self, link, facts):
        fresh = [f for f in facts.facts if f.number > self._last_number]
        self.facts += [f.fact for f in fresh]
        number = facts.facts[-1].number
        self._last_number = max(self._last_number, number)
        if self.is_journalling:
            link.send(wire.Ack(number=number))
        else:
            self._held.append((link, number))

    def take_sample(self, link, sample):
        pass

    def take_moved(self, moved):
        pass

    def take_chore(self, moved):
        self.book.take_moved(moved)

    def worker_joined(self, link):
        self.joined.set()
        self.book.resend()

    def worker_lost(self, link):
        pass
