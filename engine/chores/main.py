"""The chores worker: commands in, work in lanes, facts and progress out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.base.child import ChildControl
from engine.base.clock import SystemClock
from engine.base.errors import EngineError
from engine.base.hub_channel import HubChannel
from engine.base.measures import Measures
from engine.base.priority import take_lowest_priority
from engine.base.spool import Spool
from engine.chores.bench import Workshop
from engine.chores.card_book import CardBook
from engine.chores.clip import cut_event_clip
from engine.chores.delete import delete_files, delete_places
from engine.chores.export import export_footage
from engine.chores.fill_gap import fill_gap
from engine.chores.lanes import Job, Lanes
from engine.chores.move import move_footage
from engine.chores.reencode import reencode_footage
from engine.chores.start import ChoresWorkerStart
from engine.recording.storage_root import root_of
from engine.storage_access.buckets import Buckets
from nvr_app.contract import wire
from nvr_app.contract.chores import (
    Chore,
    CutClip,
    DeleteFiles,
    DeletePlaces,
    ExportFootage,
    FillGap,
    MoveFootage,
    ReencodeFootage,
)
from nvr_app.contract.commands import AnyCommand, CancelChore, RunChore

_BEAT_S = 1.0
_LAST_CHORE_S = 5.0

JOBS: Mapping[type[Chore], Job] = {
    DeletePlaces: Job("delete", delete_places),
    DeleteFiles: Job("delete", delete_files),
    MoveFootage: Job("bulk", move_footage),
    ReencodeFootage: Job("encode", reencode_footage),
    CutClip: Job("export", cut_event_clip),
    ExportFootage: Job("export", export_footage),
    FillGap: Job("bulk", fill_gap),
}
"""Each kind of chore, its lane and who does it."""


def run_chores_worker(start: ChoresWorkerStart, control: ChildControl) -> None:
    """Do what the hub asks until a stop is requested. Blocks; main thread."""
    take_lowest_priority()
    # The AV1 encoder talks of its settings at every segment; what fails is told by us.
    os.environ.setdefault("SVT_LOG", "1")
    ChoresWorker(start, control).run()


class ChoresWorker:
    """One process: one spool, one channel, a thread for each lane."""

    def __init__(self, start: ChoresWorkerStart, control: ChildControl) -> None:
        self._control = control
        self._clock = SystemClock()
        self._measures = Measures()
        data_dir = Path(start.data_dir)
        self._spool = Spool(data_dir / "spool" / f"{start.name}.spool")
        shop = Workshop(
            data_dir=data_dir,
            roots={root.name: root_of(root) for root in start.roots},
            signing_key=start.signing_key,
            spool=self._spool,
            measures=self._measures,
            clock=self._clock,
            buckets=Buckets(start.buckets),
            cards={one.camera_id: one for one in start.cards},
            recording=start.recording,
        )
        self._shop = shop
        self._channel = HubChannel(
            start.name, "chores", data_dir / "run", self._spool, self._clock, self._do
        )
        self._lanes = Lanes(shop, JOBS, self._channel.send)

    def run(self) -> None:
        """Until a stop. A chore that is not done by then is found again by the hub."""
        self._spool.start()
        CardBook(self._shop.card_book).take_up(self._shop.roots, self._spool)
        self._lanes.start()
        self._channel.start()
        while True:
            self._control.heartbeat()
            self._channel.send(wire.Sample(measurements=self._measures.take()))
            if self._clock.wait(self._control.stop_requested, _BEAT_S):
                break
        self._lanes.stop()
        self._lanes.join(_LAST_CHORE_S)
        self._channel.stop()
        self._channel.join(2.0)
        self._spool.close()

    def _do(self, command: AnyCommand) -> bytes:
        """In the channel's thread. EngineError: a sentence for the hub."""
        match command:
            case RunChore(chore=chore):
                self._lanes.take(chore)
            case CancelChore(chore_id=chore_id):
                self._lanes.cancel(chore_id)
            case _:
                raise EngineError(f"the chores worker cannot do {type(command).__name__}")
        return b""
