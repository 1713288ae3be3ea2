"""Commands the hub gives to workers: imperative, each answered by a reply that names it."""

from __future__ import annotations

import msgspec

from nvr_app.contract.chores import AnyChore


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command"):
    """Base of every command."""

    request_id: int


class PauseCamera(Command, frozen=True, kw_only=True, tag="pause_camera"):
    """Disconnect and stay away until resumed; the gap is recorded as wanted."""

    camera_id: str


class ResumeCamera(Command, frozen=True, kw_only=True, tag="resume_camera"):
    camera_id: str


class TakeSnapshot(Command, frozen=True, kw_only=True, tag="take_snapshot"):
    """Reply payload: a JPEG of the newest picture, main stream where it can be decoded."""

    camera_id: str


class StartRelay(Command, frozen=True, kw_only=True, tag="start_relay"):
    """Send packets of a stream, beginning with the buffered GOP, until `StopRelay`."""

    camera_id: str
    relay_id: int
    role: str


class StopRelay(Command, frozen=True, kw_only=True, tag="stop_relay"):
    relay_id: int


class DetectImage(Command, frozen=True, kw_only=True, tag="detect_image"):
    """Vision worker: run the detector on a JPEG; reply payload is JSON of detections."""

    jpeg: bytes


class ProbePipeline(Command, frozen=True, kw_only=True, tag="probe_pipeline"):
    """Vision worker: capture a real frame of the camera and infer on it (`/health/deep`)."""

    camera_id: str


class MakeStill(Command, frozen=True, kw_only=True, tag="make_still"):
    """Camera worker: reply payload is a JPEG of recorded footage, `width` pixels wide."""

    media: bytes
    """A segment's head, then fragments of it from a keyframe on."""
    at_us: int
    """Which moment, from the segment's beginning."""
    width: int


class RunChore(Command, frozen=True, kw_only=True, tag="run_chore"):
    """Chores worker: take it on (the reply says so) and do it when its lane is free.

    One that it knows already is not begun again: its state is told once more.
    """

    chore: AnyChore


class CancelChore(Command, frozen=True, kw_only=True, tag="cancel_chore"):
    """Chores worker: leave off; what was done so far stays done."""

    chore_id: str


AnyCommand = (
    PauseCamera
    | ResumeCamera
    | TakeSnapshot
    | MakeStill
    | StartRelay
    | StopRelay
    | DetectImage
    | ProbePipeline
    | RunChore
    | CancelChore
)
