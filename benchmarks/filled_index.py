"""An index as after months of eight cameras: a million segments, ten million events."""

from __future__ import annotations

from pathlib import Path

import duckdb

from engine.store.store import Store

CAMERAS = 8
SEGMENTS = 1_000_000
EVENTS = 10_000_000
START_US = 1_767_225_600_000_000  # 2026-01-01
DAY_US = 86_400_000_000
_SEGMENT_US = 60_000_000
SPAN_US = SEGMENTS // CAMERAS * _SEGMENT_US
_EVENT_US = SPAN_US // EVENTS
_GAP_EVERY = 997

# S608: the constants above, nobody's input.
_FILL = (
    f"""
INSERT INTO segments BY NAME
SELECT printf('%08x-%d', camera, n) AS segment_id, 'cam-' || camera AS camera_id,
       printf('%08x', camera) AS run_id, 'main' AS root,
       'cam-' || camera || '/2026-01-01/00/' || (start_us // 1000) || '-' || n || '.mp4' AS path,
       start_us AS start_wall_us, start_us + {_SEGMENT_US} - 20000 AS end_wall_us,
       12000000 AS size_bytes, 1800 AS frames, 30 AS keyframes, 'closed' AS state, '' AS reason,
       'h264' AS codec, printf('%064x', n) AS content_hash, '' AS aged, 's' AS site, 'n' AS node
FROM (SELECT range // {CAMERAS} AS n, range % {CAMERAS} + 1 AS camera,
             {START_US} + range // {CAMERAS} * {_SEGMENT_US} + range % {CAMERAS} * 7000000
             AS start_us
      FROM range({SEGMENTS}))
WHERE n % {_GAP_EVERY} <> 0
""",
    f"""
INSERT INTO gaps BY NAME
SELECT 'cam-' || (range % {CAMERAS} + 1) AS camera_id, start_us AS start_wall_us,
       start_us + {_SEGMENT_US} AS end_wall_us, 'camera_lost' AS reason, 's' AS site, 'n' AS node
FROM (SELECT range, {START_US} + range // {CAMERAS} * {_GAP_EVERY} * {_SEGMENT_US} AS start_us
      FROM range({SEGMENTS} // {_GAP_EVERY}))
""",
    # Ids as the engine makes them: twelve hex digits of milliseconds, then a number.
    f"""
INSERT INTO events BY NAME
SELECT printf('%012x%020x', (start_us // 1000)::BIGINT, n) AS event_id,
       'cam-' || (n % {CAMERAS} + 1) AS camera_id,
       CASE WHEN n % 3 = 0 THEN 'motion' ELSE 'track' END AS kind,
       CASE WHEN n % 3 = 0 THEN 'motion' WHEN n % 7 = 0 THEN 'car' ELSE 'person' END AS label,
       0.4 + (n % 60) / 100.0 AS score, start_us AS start_wall_us,
       start_us + 1000000 * (n % 40 + 1) AS end_wall_us, n % 50 AS hits,
       start_us + 500000 AS best_wall_us, [0.1, 0.2, 0.3, 0.4] AS best_box,
       [0.0, 0.2, 0.4, 900.0, 0.3, 0.4] AS track_path,
       CASE WHEN n % 3 = 0 THEN '' ELSE 'clips/snapshots/' || n || '.jpg' END AS snapshot,
       'bench' AS model, 's' AS site, 'n' AS node
FROM (SELECT range AS n, {START_US} + range * {_EVENT_US} AS start_us FROM range({EVENTS}))
""",
    # Signed just now: no nightly work falls into the measurement.
    """
INSERT INTO journal_heads BY NAME
SELECT 0 AS up_to_seq, '' AS head, 'x' AS checkpoint, '' AS checkpoint_hash, '' AS key_id,
       '' AS signature, epoch_us(now()) AS wall_us
""",
)


def fill_index(path: Path) -> None:
    """The product makes the schema; the rows are put in by SQL alone."""
    store = Store(path)
    store.open()
    store.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET enable_progress_bar = false")
        for statement in _FILL:
            connection.execute(statement)
        connection.execute("CHECKPOINT")
