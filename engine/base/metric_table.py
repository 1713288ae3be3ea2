"""Every metric of the engine: one row each, so that series stay bounded and names stay kept.

Names without a unit suffix and the `_ms` names are the operations plan's (1.2.2 and 1.2.4); the
others follow Prometheus' conventions. Counters get their `_total` from prometheus-client. No label
may hold a process id, a URL or a path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]

# Operations plan, 1.2.2.
LATENCY_MS = (10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0)
_INFERENCE_MS = (2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0, 250.0, 500.0, 1000.0)
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

_CAMERA = ("camera_id",)


@dataclass(frozen=True)
class MetricRow:
    """One metric; `labels` in the order in which measurements give them."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


METRICS: tuple[MetricRow, ...] = (
    # --- what the plan names
    MetricRow(
        "surveillance_fps_per_camera",
        "gauge",
        "Main-stream frames received and recorded per second",
        ("camera_id", "location"),
    ),
    MetricRow(
        "surveillance_detection_rate",
        "gauge",
        "Detections per second",
        ("camera_id", "model_version"),
    ),
    MetricRow(
        "surveillance_detections",
        "counter",
        "Detections by type",
        ("camera_id", "detection_type", "model_version"),
    ),
    MetricRow(
        "surveillance_pipeline_latency_ms",
        "histogram",
        "Milliseconds from the arrival of a frame to the end of a stage",
        ("stage", "camera_id"),
        LATENCY_MS,
    ),
    MetricRow(
        "surveillance_frame_drop_rate",
        "gauge",
        "Percentage of frames dropped, by reason",
        ("camera_id", "reason"),
    ),
    MetricRow(
        "surveillance_model_inference_ms",
        "histogram",
        "Milliseconds of one model run",
        ("model_name", "batch_size"),
        _INFERENCE_MS,
    ),
    MetricRow(
        "surveillance_stream_active",
        "gauge",
        "Whether a stream delivers (1) or not (0)",
        ("camera_id", "source"),
    ),
    MetricRow(
        "surveillance_stream_errors",
        "counter",
        "Errors of a camera's streams by reason",
        ("camera_id", "reason"),
    ),
    MetricRow("surveillance_model_errors", "counter", "Failed model runs", ("model_name",)),
    MetricRow("surveillance_db_errors", "counter", "Failed database operations", ("operation",)),
    MetricRow("surveillance_storage_errors", "counter", "Failed storage operations", ("kind",)),
    MetricRow(
        "surveillance_cleanup_deleted_items",
        "counter",
        "Files and records that went, by category of retention",
        ("category",),
    ),
    MetricRow(
        "surveillance_cleanup_deleted_bytes",
        "counter",
        "Bytes that went, by category of retention",
        ("category",),
    ),
    MetricRow(
        "surveillance_cleanup_last_run_timestamp_seconds",
        "gauge",
        "When a category was last cleaned up, seconds since the epoch",
        ("category",),
    ),
    MetricRow(
        "surveillance_cleanup_garbage_files",
        "gauge",
        "Files that are to be deleted and are still there",
    ),
    MetricRow(
        "surveillance_cleanup_failures",
        "counter",
        "Files that a clean-up could not delete, by storage root (data: the data folder)",
        ("root",),
    ),
    # --- recording: what no peer shows
    MetricRow("surveillance_recorded_bytes", "counter", "Bytes written to segments", _CAMERA),
    MetricRow("surveillance_segments", "counter", "Segments closed in order", _CAMERA),
    MetricRow(
        "surveillance_segment_close_seconds",
        "histogram",
        "Time to close and sync a segment",
        (),
        _SECONDS,
    ),
    MetricRow(
        "surveillance_fsync_seconds", "histogram", "Time of one sync of a segment", (), _SECONDS
    ),
    MetricRow(
        "surveillance_disk_buffer_bytes", "gauge", "Bytes that wait for a slow disk", _CAMERA
    ),
    MetricRow(
        "surveillance_gap_filled_seconds",
        "counter",
        "Footage fetched from a camera's own card",
        _CAMERA,
    ),
    MetricRow(
        "surveillance_gap_fill_failures",
        "counter",
        "Attempts to fetch footage from a camera's own card that failed",
        _CAMERA,
    ),
    MetricRow("surveillance_lost_packets", "counter", "Pictures that never reached us", _CAMERA),
    MetricRow("surveillance_stream_reconnects", "counter", "Connections made anew", _CAMERA),
    MetricRow(
        "surveillance_clock_offset_seconds",
        "gauge",
        "How far the wall clock stepped against the run's anchor",
        _CAMERA,
    ),
    MetricRow(
        "surveillance_frames_dropped", "counter", "Frames dropped by us", ("camera_id", "reason")
    ),
    # --- eyes and analysis
    MetricRow("surveillance_preview_fps", "gauge", "Pictures decoded for eyes a second", _CAMERA),
    MetricRow("surveillance_motion_active", "gauge", "Whether there is motion (1) or not", _CAMERA),
    MetricRow("surveillance_frames_due", "counter", "Frames due for analysis", _CAMERA),
    MetricRow("surveillance_frames_analysed", "counter", "Frames analysed", _CAMERA),
    MetricRow("surveillance_analysed_fps", "gauge", "Frames analysed a second", _CAMERA),
    # --- ageing of footage
    MetricRow("surveillance_footage_moved_bytes", "counter", "Footage moved to a root", ("root",)),
    MetricRow(
        "surveillance_footage_move_failures",
        "counter",
        "Segments that could not be moved to a root; they stay where they are",
        ("root",),
    ),
    MetricRow(
        "surveillance_reencode_backlog_segments",
        "gauge",
        "Segments whose age asks for another codec",
        ("codec",),
    ),
    MetricRow(
        "surveillance_reencode_backlog_bytes", "gauge", "Bytes of those segments", ("codec",)
    ),
    MetricRow("surveillance_reencoded_segments", "counter", "Segments encoded anew", ("codec",)),
    MetricRow("surveillance_reencoded_source_bytes", "counter", "Their bytes before", ("codec",)),
    MetricRow("surveillance_reencode_saved_bytes", "counter", "Bytes that this saved", ("codec",)),
    MetricRow(
        "surveillance_reencode_kept_segments",
        "counter",
        "Segments left as they are: they would not have become smaller",
        ("codec",),
    ),
    MetricRow(
        "surveillance_reencode_failures",
        "counter",
        "Segments that could not be encoded anew; the originals are kept",
        ("reason",),
    ),
    MetricRow(
        "surveillance_reencode_seconds", "counter", "Time spent on encoding anew", ("codec",)
    ),
    MetricRow("surveillance_event_clips", "counter", "Clips of events kept", _CAMERA),
    MetricRow(
        "surveillance_camera_growth_bytes", "gauge", "Bytes that a camera records a day", _CAMERA
    ),
    MetricRow(
        "surveillance_footage_held_seconds", "gauge", "Age of a camera's oldest footage", _CAMERA
    ),
    MetricRow(
        "surveillance_footage_promised_seconds",
        "gauge",
        "Time for which the policies promise footage",
        _CAMERA,
    ),
    MetricRow(
        "surveillance_storage_until_full_seconds",
        "gauge",
        "Time until a root takes no more at the present rate; absent: never",
        ("root",),
    ),
    MetricRow(
        "surveillance_storage_holdable_seconds",
        "gauge",
        "Time of footage that all roots can hold at the present rate; absent: without bound",
    ),
    MetricRow(
        "surveillance_storage_promise_kept",
        "gauge",
        "Whether what the policies promise fits on the roots (1) or not (0)",
    ),
    # --- hub
    MetricRow("surveillance_journal_records", "counter", "Records synced into the journal"),
    MetricRow(
        "surveillance_journal_commit_seconds", "histogram", "Time of a group commit", (), _SECONDS
    ),
    MetricRow("surveillance_journal_errors", "counter", "Group commits that had to be repeated"),
    MetricRow(
        "surveillance_journal_signed_timestamp_seconds",
        "gauge",
        "When the journal's head was last signed; 0: never",
    ),
    MetricRow(
        "surveillance_journal_payloads_dropped",
        "counter",
        "Payloads that have gone in their time",
        ("retention_class",),
    ),
    MetricRow("surveillance_checkpoint_bytes", "gauge", "Size of the newest checkpoint"),
    MetricRow(
        "surveillance_record_keeping_errors",
        "counter",
        "Nightly steps on records (counting, signing, dropping) that failed",
    ),
    MetricRow("surveillance_facts_waiting", "gauge", "Facts that wait for the journal"),
    MetricRow("surveillance_db_apply_seconds", "histogram", "Time to apply a batch", (), _SECONDS),
    MetricRow("surveillance_db_query_seconds", "histogram", "Time of a query", (), _SECONDS),
    MetricRow(
        "surveillance_db_backlog_records", "gauge", "Journal records not yet in the database"
    ),
    MetricRow(
        "surveillance_api_request_seconds",
        "histogram",
        "Time of an API request",
        ("route", "method", "status"),
        _SECONDS,
    ),
    MetricRow("surveillance_desks_connected", "gauge", "Desks that listen to notices"),
    MetricRow("surveillance_notices_dropped", "counter", "Notices dropped for slow desks"),
    MetricRow("surveillance_process_up", "gauge", "Whether a process runs (1)", ("process",)),
    MetricRow("surveillance_process_restarts", "counter", "Restarts of a process", ("process",)),
    MetricRow("surveillance_process_memory_bytes", "gauge", "Memory of a process", ("process",)),
    MetricRow(
        "surveillance_process_cpu_percent", "gauge", "CPU of a process, % of a core", ("process",)
    ),
    MetricRow("surveillance_storage_free_bytes", "gauge", "Free space of a root", ("root",)),
    MetricRow("surveillance_storage_size_bytes", "gauge", "Size of a root", ("root",)),
    MetricRow("surveillance_storage_used_bytes", "gauge", "Footage on a root", ("root",)),
    MetricRow(
        "surveillance_storage_root_up", "gauge", "Whether a root takes footage (1)", ("root",)
    ),
    MetricRow("surveillance_build_info", "gauge", "Version that runs; always 1", ("version",)),
)
