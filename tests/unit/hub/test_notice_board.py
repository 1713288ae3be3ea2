import msgspec

from engine.hub.notice_board import NoticeBoard
from nvr_app.contract.events import SystemNoted
from nvr_app.contract.notices import (
    AnyNotice,
    CameraRemoved,
    CamerasChanged,
    FactNoted,
    TracksMoved,
    Welcome,
)

decode = msgspec.json.Decoder(AnyNotice).decode
WELCOME = Welcome(protocol=1, instance_id="i", version="0")
BOXES = TracksMoved(camera_id="a", frame_wall_us=1, tracks=())


def fact(seq):
    noted = SystemNoted(wall_us=seq, source="test", severity="info", text="x")
    return FactNoted(seq=seq, fact=noted)


def drain(listener):
    """All that waits, decoded; None is "cut off"."""
    found = []
    while not listener.queue.empty():
        data = listener.queue.get_nowait()
        found.append(None if data is None else decode(data))
    return found


class Board(NoticeBoard):
    def __init__(self):
        self.dropped = 0
        super().__init__(self._drop)

    def _drop(self):
        self.dropped += 1


def test_the_first_notices_come_before_everything_else_and_order_is_kept():
    board = Board()
    desk = board.listen((WELCOME, CamerasChanged(cameras=())))
    board.publish(fact(1))
    board.publish(BOXES)
    board.publish(fact(2))
    assert drain(desk) == [WELCOME, CamerasChanged(cameras=()), fact(1), BOXES, fact(2)]


def test_every_desk_hears_and_one_that_left_does_not():
    board = Board()
    stays, leaves = board.listen(()), board.listen(())
    assert board.count == 2
    board.publish(BOXES)
    board.leave(leaves)
    board.leave(leaves)
    board.publish(fact(1))
    assert board.count == 1
    assert drain(stays) == [BOXES, fact(1)]
    assert drain(leaves) == [BOXES]


def test_a_slow_desk_loses_boxes_but_no_fact():
    board = Board()
    slow = board.listen((WELCOME,))
    for _ in range(1_000):
        board.publish(BOXES)
    for seq in range(100):
        board.publish(fact(seq))
    waiting = drain(slow)
    assert len(waiting) < 400
    assert [n.seq for n in waiting if isinstance(n, FactNoted)] == list(range(100))
    assert board.dropped == 1_000 - sum(isinstance(n, TracksMoved) for n in waiting)


def test_boxes_come_again_when_a_slow_desk_has_read():
    board = Board()
    slow = board.listen(())
    for _ in range(500):
        board.publish(BOXES)
    drain(slow)
    board.publish(BOXES)
    assert drain(slow) == [BOXES]


def test_a_desk_that_never_reads_is_cut_off_once_and_its_queue_stays_bounded():
    board = Board()
    stuck, reader = board.listen(()), board.listen(())
    heard = []
    for seq in range(10_000):
        board.publish(fact(seq))
        heard += drain(reader)
    assert stuck.is_cut_off
    waiting = drain(stuck)
    assert waiting[-1] is None
    assert waiting.count(None) == 1
    assert len(waiting) < 2_100
    # What it got has no hole before the end: it knows from where to fetch.
    assert [n.seq for n in waiting[:-1]] == list(range(len(waiting) - 1))
    assert [n.seq for n in heard] == list(range(10_000))
    assert board.dropped == 10_000 - len(waiting)


def test_removal_of_a_camera_is_a_notice_with_a_name_of_its_own():
    board = Board()
    desk = board.listen(())
    board.publish(CameraRemoved(camera_id="a"))
    assert msgspec.json.decode(desk.queue.get_nowait()) == {
        "notice": "camera_removed", "camera_id": "a",
    }  # fmt: skip
