"""How clients find a running engine: files in `<data>/run`, readable by their owner alone."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

_T = TypeVar("_T", bound=msgspec.Struct)


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """`run/endpoint.json`: the API's address and token."""

    url: str
    """Base URL, such as http://127.0.0.1:8080"""
    health_url: str
    """The supervisor's own health port."""
    token: str
    pid: int
    """Process id of the supervisor."""
    instance_id: str
    version: str


class ChannelEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """`run/channel.json`: where workers reach the hub."""

    port: int
    token: str
    instance_id: str


class SupervisorEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """`run/supervisor.json`: who holds this data folder."""

    pid: int
    health_port: int
    host: str
    started_wall_us: int


def read_endpoint(run_dir: Path) -> Endpoint | None:
    """The endpoint file's content, or None where no engine has written one."""
    return _read(run_dir / "endpoint.json", Endpoint)


def read_channel(run_dir: Path) -> ChannelEndpoint | None:
    """Where the hub takes workers, or None while it has not started."""
    return _read(run_dir / "channel.json", ChannelEndpoint)


def read_supervisor(run_dir: Path) -> SupervisorEndpoint | None:
    """Who runs the engine, or None."""
    return _read(run_dir / "supervisor.json", SupervisorEndpoint)


def _read(path: Path, kind: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        # Absent or half written: the writer replaces it atomically, so try again later.
        return None
