"""From parsed TOML to settings: every mistake is named, and what is good still runs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from nvr_app.ageing_check import RANGES, ageing_faults, bucket_fault
from nvr_app.contract.config import (
    AgeingSettings,
    ApiSettings,
    BucketSettings,
    CameraSettings,
    ClipSettings,
    DetectionSettings,
    RecordingSettings,
    Settings,
    StorageSettings,
)
from nvr_app.contract.ids import camera_id_fault
from nvr_app.retention_check import Rates, RetentionChecker
from nvr_app.root_settings import RootNeighbours, root_fault
from nvr_app.settings_lines import Where, line_of
from nvr_app.source_urls import onvif_fault, source_fault, split_credentials

_T = TypeVar("_T", bound=msgspec.Struct)
_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "api": ApiSettings,
    "recording": RecordingSettings,
    "detection": DetectionSettings,
    "ageing": AgeingSettings,
    "clips": ClipSettings,
}
_LISTS: dict[str, type[msgspec.Struct]] = {
    "camera": CameraSettings,
    "storage": StorageSettings,
    "bucket": BucketSettings,
}


_ROOT_LEFT_OUT = "this storage root is left out until it is right"


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong; `line` is 0 where it cannot be told."""

    line: int
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"nvr.toml: {place}{self.where}: {self.what}; {self.remedy}"


class Checker:
    """Collects mistakes while it builds; one use."""

    def __init__(self, lines: dict[Where, int], rates: Rates = dict) -> None:
        self._lines = lines
        self._rates = rates
        self._retention = RetentionChecker(self._add, self._unknown)
        self.mistakes: list[Mistake] = []

    def settings(self, raw: Mapping[str, Any]) -> Settings:
        """What of it is good."""
        values: dict[str, Any] = {}
        plain = set(Settings.__struct_fields__) - set(_SECTIONS) - set(_LISTS) - {"retention"}
        for key, value in raw.items():
            if key in _SECTIONS:
                values[key] = self._section(key, value)
            elif key in _LISTS or key == "retention":
                continue
            elif key in plain and isinstance(value, str):
                values[key] = value
            elif key in plain:
                self._add((key,), f"{value!r} is no text", 'write it in quotes: "…"')
            else:
                self._unknown((key,), key, Settings.__struct_fields__)
        values["storage"] = tuple(self._roots(raw.get("storage", [])))
        roots = [root.name for root in values["storage"]]
        values["bucket"] = tuple(self._buckets(raw.get("bucket", []), roots))
        self._check_ageing(values)
        values["retention"], values["camera"] = self._retention.together(
            self._retention.settings(raw.get("retention", {})),
            self._cameras(raw.get("camera", [])),
            self._rates,
        )
        return Settings(**values)

    def _section(self, name: str, raw: object) -> msgspec.Struct:
        kind = _SECTIONS[name]
        if not isinstance(raw, dict):
            self._add((name,), "is no section", f"write [{name}] on a line of its own")
            return kind()
        good: dict[str, Any] = {}
        for key, value in raw.items():
            where: Where = (name, key)
            if key not in kind.__struct_fields__:
                self._unknown(where, key, kind.__struct_fields__)
                continue
            fault = _value_fault(kind, key, value) or _range_fault(name, key, value)
            if fault:
                self._add(where, fault, "the default is used instead")
            else:
                good[key] = value
        return msgspec.convert(good, type=kind)

    def _cameras(self, raw: object) -> list[CameraSettings]:
        cameras: list[CameraSettings] = []
        first_line: dict[str, int] = {}
        for index, table in enumerate(self._tables("camera", raw)):
            camera = self._camera(index, table)
            if camera is None:
                continue
            line = line_of(self._lines, ("camera", index))
            if camera.id in first_line:
                self._add(
                    ("camera", index, "id"),
                    f"id {camera.id!r} is taken by the camera of line {first_line[camera.id]}",
                    "give it an id of its own; the first one stays",
                )
                continue
            first_line[camera.id] = line
            cameras.append(camera)
        return cameras

    def _camera(self, index: int, raw: Mapping[str, Any]) -> CameraSettings | None:
        where: Where = ("camera", index)
        before = len(self.mistakes)
        left_out = "this camera is left out until it is right"
        for key in raw:
            if key not in CameraSettings.__struct_fields__:
                self._unknown((*where, key), key, CameraSettings.__struct_fields__)
        known = {k: v for k, v in raw.items() if k in CameraSettings.__struct_fields__}
        for key, value in known.items():
            fault = _value_fault(CameraSettings, key, value)
            if fault:
                self._add((*where, key), fault, left_out)
        for key in ("id", "main"):
            if key not in known:
                self._add(where, f"has no {key}", left_out)
        if len(self.mistakes) > before and not all(
            mistake.what.startswith("unknown") for mistake in self.mistakes[before:]
        ):
            return None
        camera = msgspec.convert(known, type=CameraSettings)
        id_fault = camera_id_fault(camera.id)
        if id_fault:
            self._add((*where, "id"), id_fault, left_out)
            return None
        return self._with_good_urls(where, self._retention.camera(where, camera), left_out)

    def _with_good_urls(
        self, where: Where, camera: CameraSettings, left_out: str
    ) -> CameraSettings | None:
        fault = source_fault(camera.kind, camera.main)
        if fault:
            self._add((*where, "main"), fault, left_out)
            return None
        for key in ("main", "sub"):
            url = getattr(camera, key)
            if url and split_credentials(url)[1] is not None and camera.kind in {"rtsp", "mjpeg"}:
                self._add(
                    (*where, key),
                    "holds a login",
                    "take it out and run nvr camera password, which keeps it in the secrets file; "
                    + left_out,
                )
                return None
        camera = self._with_good_card(where, camera)
        sub_fault = source_fault(camera.kind, camera.sub) if camera.sub else None
        if sub_fault:
            self._add((*where, "sub"), sub_fault, "the substream is left out until it is right")
            return msgspec.structs.replace(camera, sub="")
        return camera

    def _with_good_card(self, where: Where, camera: CameraSettings) -> CameraSettings:
        fault = onvif_fault(camera.onvif) if camera.onvif else None
        if fault is None and split_credentials(camera.onvif)[1] is not None:
            fault = "holds a login: the camera's own one is used (nvr camera password)"
        if fault is None:
            return camera
        self._add((*where, "onvif"), fault, "its card is not asked until it is right")
        return msgspec.structs.replace(camera, onvif="")

    def _roots(self, raw: object) -> list[StorageSettings]:
        """Those that are good; each that is not is named and left out."""
        roots: list[StorageSettings] = []
        neighbours = RootNeighbours()
        for index, table in enumerate(self._tables("storage", raw)):
            where: Where = ("storage", index)
            for key in [key for key in table if key not in StorageSettings.__struct_fields__]:
                self._unknown((*where, key), key, StorageSettings.__struct_fields__)
            try:
                root = msgspec.convert(
                    {k: v for k, v in table.items() if k in StorageSettings.__struct_fields__},
                    type=StorageSettings,
                )
            except msgspec.ValidationError as error:
                self._add(where, str(error), _ROOT_LEFT_OUT)
                continue
            key, fault = root_fault(root) or neighbours.fault(root) or ("", "")
            if fault:
                self._add((*where, key), fault, _ROOT_LEFT_OUT)
                continue
            neighbours.add(root)
            roots.append(root)
        if roots and not any(root.role == "hot" for root in roots):
            self._add(
                ("storage",),
                "no root is hot, so none takes new footage",
                'give one the role "hot"; recordings in the data folder take it until then',
            )
        return roots

    def _buckets(self, raw: object, taken: list[str]) -> list[BucketSettings]:
        buckets: list[BucketSettings] = []
        for index, table in enumerate(self._tables("bucket", raw)):
            where: Where = ("bucket", index)
            left_out = "this bucket is left out until it is right"
            try:
                bucket = msgspec.convert(table, type=BucketSettings)
            except msgspec.ValidationError as error:
                self._add(where, str(error), left_out)
                continue
            fault = bucket_fault(bucket, [*taken, *(one.name for one in buckets)])
            if fault is not None:
                self._add((*where, fault[0]), fault[1], left_out)
                continue
            buckets.append(bucket)
        return buckets

    def _check_ageing(self, values: dict[str, Any]) -> None:
        """Days that contradict each other are not guessed at: footage then stays as it is."""
        ageing = values.get("ageing")
        if not isinstance(ageing, AgeingSettings):
            return
        faults = ageing_faults(ageing)
        for key, what in faults:
            self._add(("ageing", key), what, "nothing ages by days until it is right")
        if faults:
            values["ageing"] = msgspec.structs.replace(
                ageing, reencode=False, warm_after_days=0.0, cold_after_days=0.0
            )

    def _tables(self, name: str, raw: object) -> list[Mapping[str, Any]]:
        if not isinstance(raw, list) or not all(isinstance(table, dict) for table in raw):
            self._add((name,), "is no list of tables", f"write [[{name}]] before each")
            return []
        return raw

    def _unknown(self, where: Where, key: str, known: tuple[str, ...]) -> None:
        near = difflib.get_close_matches(key, known, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        self._add(where, f"unknown key {key!r}", remedy)

    def _add(self, where: Where, what: str, remedy: str) -> None:
        name = ".".join(str(part) for part in where)
        self.mistakes.append(Mistake(line_of(self._lines, where), name, what, remedy))


def _value_fault(kind: type[_T], key: str, value: object) -> str:
    """What msgspec says of one value, without its notion of where."""
    field = next(f for f in msgspec.structs.fields(kind) if f.name == key)
    try:
        msgspec.convert(value, type=field.type, strict=True)
    except msgspec.ValidationError as error:
        return str(error).split(" - at")[0]
    return ""


_RANGES: dict[tuple[str, str], tuple[float, float]] = {
    ("api", "port"): (0, 65_535),
    ("api", "health_port"): (0, 65_535),
    ("recording", "segment_s"): (5, 3_600),
    ("recording", "fragment_s"): (0.1, 10),
    ("recording", "sync_s"): (0.1, 60),
    ("recording", "floor_free_bytes"): (0, 2**60),
    ("recording", "buffer_bytes"): (1024**2, 2**40),
    ("detection", "analysis_fps"): (0.2, 30),
    ("detection", "score_threshold"): (0.01, 1),
    ("detection", "threads"): (1, 64),
    **RANGES,
}


def _range_fault(section: str, key: str, value: object) -> str:
    bounds = _RANGES.get((section, key))
    if bounds is None or not isinstance(value, int | float):
        return ""
    low, high = bounds
    return "" if low <= value <= high else f"{value} does not lie between {low:g} and {high:g}"
