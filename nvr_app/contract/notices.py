"""Notices: pushed to every listening desk over `WS /api/v1/notices`; they may be dropped."""

from __future__ import annotations

import msgspec

from nvr_app.contract.events import AnyFact
from nvr_app.contract.geometry import Box
from nvr_app.contract.status import CameraStatus, ModelStatus


class TrackView(msgspec.Struct, frozen=True, kw_only=True):
    """A live track as the wall draws it."""

    track_id: str
    label: str
    score: float
    box: Box


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag_field="notice"):
    """Base of every notice."""


class Welcome(Notice, frozen=True, kw_only=True, tag="welcome"):
    """First on every connection: a new instance id means "fetch everything anew"."""

    protocol: int
    instance_id: str
    version: str


class CamerasChanged(Notice, frozen=True, kw_only=True, tag="cameras"):
    """Full status of the cameras named; others are unchanged."""

    cameras: tuple[CameraStatus, ...]


class CameraRemoved(Notice, frozen=True, kw_only=True, tag="camera_removed"):
    """The camera left the settings."""

    camera_id: str


class TracksMoved(Notice, frozen=True, kw_only=True, tag="tracks"):
    """All live tracks of one camera after one analysed frame; empty clears the boxes."""

    camera_id: str
    frame_wall_us: int
    tracks: tuple[TrackView, ...]


class FactNoted(Notice, frozen=True, kw_only=True, tag="fact"):
    """A fact, after its journal record was synced."""

    seq: int
    fact: AnyFact


class ModelChanged(Notice, frozen=True, kw_only=True, tag="model"):
    """The detector's state changed."""

    model: ModelStatus


AnyNotice = Welcome | CamerasChanged | CameraRemoved | TracksMoved | FactNoted | ModelChanged
