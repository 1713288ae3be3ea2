"""A clean-up of a hundred thousand of a million segments, while eight cameras record."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import msgspec

from benchmarks.outcome import Options, Outcome
from benchmarks.packets import compare_site
from benchmarks.rig.engine import EngineRun
from benchmarks.site import mounted, settings_of, work_folder
from engine.store.store import Store
from nvr_app.contract.config import AgeingSettings, DetectionSettings, RecordingSettings, Settings
from nvr_app.contract.retention import RetentionPolicy, RetentionSettings
from nvr_app.contract.retention_api import RetentionReports
from nvr_app.engine_client import post

_SEGMENTS = 1_000_000
_EXPIRED = 100_000
_CAMERAS = 8
_DAYS = 90
_STEP_US = 7_500_000
"""Eight cameras with a segment a minute each: a million segments are 87 days."""
_FILE_BYTES = 1_024
_AROUND_S = 10.0
_LIMIT_S = 300.0

# Paths as the engine makes them; the past belongs to cameras that the settings no longer name, so
# that their files are not taken for what is recorded meanwhile.
_FILL = """
INSERT INTO segments (segment_id, camera_id, run_id, root, path, start_wall_us, end_wall_us,
    size_bytes, frames, keyframes, state, reason, codec, content_hash, aged, site, node)
SELECT printf('%08x-1', n), 'old-' || (n % {cameras} + 1), printf('%08x', n), 'main',
       'old-' || (n % {cameras} + 1) || '/' ||
       strftime(make_timestamp(start_us), '%Y-%m-%d/%H') || '/' ||
       printf('%013d-%08x-1.mp4', (start_us // 1000)::BIGINT, n::BIGINT),
       start_us, start_us + 60000000, {size}, 1800, 30, 'closed', '', 'h264', repeat('0', 64), '',
       's', 'n'
FROM (SELECT range AS n, {first_us} + range * {step_us} AS start_us FROM range({segments}))
"""


def run(options: Options) -> Outcome:
    """Seconds of the run, packets lost meanwhile, and what is left of it."""
    outcome = Outcome("retention")
    with work_folder() as folder:
        accounts = folder / "accounts"
        accounts.mkdir()
        settings = Settings(
            detection=DetectionSettings(enabled=False),
            recording=RecordingSettings(segment_s=15),
            ageing=AgeingSettings(reencode=False),
            retention=RetentionSettings(raw_video=RetentionPolicy(retention_days=_DAYS)),
        )
        with mounted(options.cameras or _CAMERAS, accounts=accounts) as (server, cameras):
            engine = EngineRun(
                folder / "data",
                settings_of(cameras, with_sub=False, motion=False),
                settings=settings,
            )
            made_s = _make_past(engine.folder.root)
            with engine:
                engine.until(lambda: engine.recording() == len(cameras), "all cameras to record")
                time.sleep(_AROUND_S)
                took_s, report = _clean_up(engine)
                time.sleep(_AROUND_S)
            server.flush()
        counts = compare_site(accounts, folder / "data" / "recordings", cameras)
        left = sum(1 for _ in (folder / "data" / "recordings").rglob("*-1.mp4"))
        outcome.details |= {"packets": counts, "made_s": round(made_s, 1), "files_left": left}
    outcome.add("segments in the index", _SEGMENTS, "")
    outcome.add("deleted", report.reports[0].items, "")
    outcome.add("refused", report.reports[0].failures, "", must=0, aim=0)
    outcome.add("clean-up took", round(took_s, 1), "s", must=60, aim=60)
    outcome.add("units compared meanwhile", sum(c["compared"] for c in counts.values()), "")
    lost = sum(c["missing"] + c["changed"] for c in counts.values())
    outcome.add("units missing or changed", lost, "", must=0, aim=0)
    return outcome


def _make_past(data_dir: Path) -> float:
    """A million rows by SQL, and real files of the part that is past its time."""
    started_s = time.monotonic()
    database = data_dir / "events.duckdb"
    store = Store(database)
    store.open()
    store.close()
    limit_us = time.time_ns() // 1_000 - _DAYS * 86_400_000_000
    first_us = limit_us - _EXPIRED * _STEP_US - 60_000_000
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            _FILL.format(
                cameras=_CAMERAS, size=_FILE_BYTES, first_us=first_us, step_us=_STEP_US,
                segments=_SEGMENTS,
            )
        )  # fmt: skip
        connection.execute("CHECKPOINT")
        paths = connection.execute(
            "SELECT path FROM segments ORDER BY start_wall_us LIMIT ?", [_EXPIRED]
        ).fetchall()
    content = bytes(_FILE_BYTES)
    known: set[Path] = set()
    for (path,) in paths:
        file = data_dir / "recordings" / path
        if file.parent not in known:
            file.parent.mkdir(parents=True)
            known.add(file.parent)
        file.write_bytes(content)
    return time.monotonic() - started_s


def _clean_up(engine: EngineRun) -> tuple[float, RetentionReports]:
    """Ask for it and wait for its end."""
    endpoint = engine.endpoint
    if endpoint is None:
        raise RuntimeError("the engine's API is not there")
    started_s = time.monotonic()
    asked = post(endpoint, "/api/v1/retention/run?category=raw_video")
    ticket = msgspec.convert(asked, type=RetentionReports).ticket
    while time.monotonic() - started_s < _LIMIT_S:
        time.sleep(0.25)
        plain = engine.get(f"/api/v1/retention/runs/{ticket}")
        reports = msgspec.convert(plain, type=RetentionReports)
        if not reports.reports[0].is_running:
            return time.monotonic() - started_s, reports
    raise RuntimeError(f"the clean-up did not end within {_LIMIT_S:g} s")
