"""Eleven days of an engine's life as facts: everything that can befall footage and events."""

from __future__ import annotations

from engine.base.clock import SystemClock
from nvr_app.contract.audit_facts import (
    BookmarkRemoved,
    BookmarkSet,
    DayCounted,
    EventsAnonymised,
    EventsDeleted,
    ExportAsked,
    ExportEnded,
    RetentionRan,
)
from nvr_app.contract.custody_facts import (
    ClipGone,
    ClipKept,
    FootageProtected,
    ProtectionEnded,
    RootChanged,
    SegmentGarbage,
    SegmentMoved,
)
from nvr_app.contract.events import (
    AnyFact,
    CameraStateChanged,
    EngineStarted,
    GapEnded,
    MotionEnded,
    PathPoint,
    RunEnded,
    RunStarted,
    SegmentClosed,
    SegmentGone,
    SegmentOpened,
    SystemNoted,
    TrackEnded,
    TrackStarted,
)
from nvr_app.contract.geometry import Box

S = 1_000_000
DAY_US = 86_400 * S
NOW = SystemClock().wall_us()
DAYS = 11


def history() -> list[AnyFact]:
    """In order; the last day is today."""
    facts: list[AnyFact] = []
    for day in range(DAYS):
        facts += _day(day, NOW - (DAYS - 1 - day) * DAY_US)
    return facts


def path_of(camera: str, day: int) -> str:
    """Of that day's segment, on whichever root it lies."""
    start_ms = (NOW - (DAYS - 1 - day) * DAY_US) // 1000
    return f"{camera}/2026-01-01/00/{start_ms:013d}-{day:08x}-1.mp4"


def _day(day: int, at: int) -> list[AnyFact]:
    facts: list[AnyFact] = [
        EngineStarted(wall_us=at, instance_id=f"i{day}", version="1"),
        RootChanged(wall_us=at, root="hot", state="available"),
        SystemNoted(wall_us=at, source="x", severity="info", text=f"day {day}"),
    ]
    for camera in ("a", "b"):
        facts += _recorded(camera, day, at)
        facts += _seen(camera, day, at)
    facts += _custody(day, at)
    return facts


def _recorded(camera: str, day: int, at: int) -> list[AnyFact]:
    segment, path = f"{day:08x}-1{camera}", path_of(camera, day)
    facts: list[AnyFact] = [
        RunStarted(wall_us=at, camera_id=camera, run_id=f"r{camera}{day}", codec="h264", width=640,
                   height=360, anchor_wall_us=at),
        CameraStateChanged(wall_us=at, camera_id=camera, state="active"),
        SegmentOpened(wall_us=at, camera_id=camera, segment_id=segment, run_id=f"{day:08x}",
                      root="hot", path=path, start_wall_us=at, codec="h264", width=640, height=360,
                      has_audio=False),
    ]  # fmt: skip
    if (camera, day) != ("b", DAYS - 1):  # the last one is still open
        facts.append(
            SegmentClosed(wall_us=at + 60 * S, camera_id=camera, segment_id=segment, root="hot",
                          path=path, start_wall_us=at, end_wall_us=at + 60 * S, size_bytes=1_000,
                          frames=900, keyframes=30, content_hash=f"{day:064x}")
        )  # fmt: skip
        facts += [
            GapEnded(wall_us=at + DAY_US, camera_id=camera, start_wall_us=at + 60 * S,
                     end_wall_us=at + DAY_US, reason="engine_stopped"),
            RunEnded(wall_us=at + 60 * S, camera_id=camera, run_id=f"r{camera}{day}",
                     reason="stopped"),
        ]  # fmt: skip
    return facts


def _seen(camera: str, day: int, at: int) -> list[AnyFact]:
    event = f"{day:012x}{camera}"
    return [
        MotionEnded(wall_us=at + 9 * S, camera_id=camera, event_id=f"m{event}", start_wall_us=at,
                    end_wall_us=at + 9 * S, peak=0.3),
        TrackStarted(wall_us=at + S, camera_id=camera, event_id=f"t{event}", label="person",
                     score=0.5, start_wall_us=at + S, frame_arrival_wall_us=at + S,
                     box=Box(0.1, 0.1, 0.2, 0.2), model="m", snapshot=f"clips/{event}.jpg"),
        TrackEnded(wall_us=at + 9 * S, camera_id=camera, event_id=f"t{event}", label="person",
                   score=0.8, start_wall_us=at + S, end_wall_us=at + 8 * S, hits=9,
                   path=(PathPoint(0, 0.1, 0.2), PathPoint(500, 0.3, 0.4)),
                   best_box=Box(0.1, 0.1, 0.3, 0.3), best_wall_us=at + 2 * S,
                   snapshot=f"clips/{event}.jpg", model="m"),
    ]  # fmt: skip


def _custody(day: int, at: int) -> list[AnyFact]:
    """What befalls the footage of `a`, and its records, differs from day to day."""
    segment, path = f"{day:08x}-1a", path_of("a", day)

    def garbage(root: str) -> SegmentGarbage:
        return SegmentGarbage(wall_us=at, camera_id="a", segment_id=segment, root=root, path=path,
                              reason="expired")  # fmt: skip

    def gone(root: str) -> SegmentGone:
        return SegmentGone(wall_us=at, camera_id="a", segment_id=segment, root=root, path=path,
                           reason="expired")  # fmt: skip

    def moved(root: str, codec: str = "") -> SegmentMoved:
        return SegmentMoved(
            wall_us=at, camera_id="a", segment_id=segment, root=root, path=path, size_bytes=700,
            content_hash="ee" * 32, reason="tier", codec=codec,
        )  # fmt: skip

    match day % 6:
        case 0:
            ran = RetentionRan(wall_us=at, category="raw_video", items=1, size_bytes=1_000)
            return [garbage("hot"), gone("hot"), ran]
        case 1:
            return [moved("warm", "hevc"), garbage("hot"), gone("hot"),
                    DayCounted(wall_us=at, camera_id="a", day=f"day-{day:02d}", recorded_s=60.0,
                               gap_s=5.0, size_bytes=1_000, events={"person": 1})]  # fmt: skip
        case 2:
            return [moved("cold"), garbage("hot"),
                    BookmarkSet(wall_us=at, bookmark_id=f"b{day}", camera_ids=("a",),
                                start_wall_us=at, end_wall_us=at + S, title="t", actor="x"),
                    BookmarkSet(wall_us=at, bookmark_id="moving", start_wall_us=at,
                                end_wall_us=at, title=f"day {day}", actor="x")]  # fmt: skip
        case 3:
            return [garbage("hot"),
                    FootageProtected(wall_us=at, protection_id=f"p{day}", camera_ids=("b",),
                                     start_wall_us=at, end_wall_us=at + DAY_US, reason="theft",
                                     actor="x"),
                    BookmarkRemoved(wall_us=at, bookmark_id="moving", actor="x")]  # fmt: skip
        case 4:
            return [EventsAnonymised(wall_us=at, start_wall_us=at - 4 * DAY_US,
                                     end_wall_us=at - 3 * DAY_US, reason="time", actor="x"),
                    ProtectionEnded(wall_us=at, protection_id=f"p{day - 1}", reason="done",
                                    actor="x"),
                    ClipKept(wall_us=at, clip_id=f"c{day}", event_id="e", camera_id="a",
                             path=f"clips/c{day}.mp4", start_wall_us=at, end_wall_us=at + S,
                             size_bytes=9, content_hash="cc" * 32)]  # fmt: skip
        case _:
            return [EventsDeleted(wall_us=at, start_wall_us=at - 5 * DAY_US,
                                  end_wall_us=at - 4 * DAY_US, camera_id="b", reason="asked",
                                  actor="x"),
                    ClipGone(wall_us=at, clip_id=f"c{day - 1}", camera_id="a", reason="expired"),
                    ExportAsked(wall_us=at, export_id=f"x{day}", camera_ids=("a",),
                                start_wall_us=at, end_wall_us=at + S, folder="f", actor="x"),
                    ExportEnded(wall_us=at, export_id=f"x{day}", state="done", files=1,
                                size_bytes=5)]  # fmt: skip
