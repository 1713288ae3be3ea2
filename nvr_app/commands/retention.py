"""`nvr retention`: what is kept for how long, what would go and why, and a run now."""

from __future__ import annotations

import argparse
import time
from typing import Any

import msgspec

from nvr_app.commands.output import add_json, print_json, print_table
from nvr_app.contract.endpoint import Endpoint, read_endpoint
from nvr_app.contract.retention import CATEGORIES, Category
from nvr_app.contract.retention_api import RetentionOverview, RetentionReport, RetentionReports
from nvr_app.contract.timebase import iso_utc
from nvr_app.engine_client import get_json, post
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder, data_folder
from nvr_app.settings_file import load_settings

_POLL_S = 0.5
_CHOOSE_TIMEOUT_S = 300.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="policies, next and last runs, days held per camera")
    add_json(show)
    run_now = actions.add_parser("run", help="clean up now")
    run_now.add_argument("--dry-run", action="store_true", help="say what would go; delete nothing")
    run_now.add_argument("--category", choices=CATEGORIES, help="only this one")
    add_json(run_now)


def run(args: argparse.Namespace) -> int:
    """0 done, 1 when something could not be deleted. UserError: a sentence."""
    folder = data_folder(args.data_dir)
    endpoint = read_endpoint(folder.run)
    if args.action == "show":
        return _show(args, _running(endpoint, folder))
    if args.dry_run:
        reports = (
            _ask_dry_run(endpoint, args.category)
            if endpoint is not None
            else _offline_dry_run(folder, args.category)
        )
    else:
        reports = _run_now(_running(endpoint, folder), args.category)
    if args.json:
        print_json(msgspec.to_builtins(reports))
    else:
        _print_reports(reports)
    return 1 if any(report.failures for report in reports) else 0


def _running(endpoint: Endpoint | None, folder: DataFolder) -> Endpoint:
    if endpoint is None:
        raise UserError(
            f"no engine runs on {folder.root}: start it with nvr engine, it does the deleting "
            "(nvr retention run --dry-run works without one)"
        )
    return endpoint


def _show(args: argparse.Namespace, endpoint: Endpoint) -> int:
    plain = get_json(endpoint, "/api/v1/retention")
    if args.json:
        print_json(plain)
        return 0
    view = msgspec.convert(plain, type=RetentionOverview)
    print_table(
        ["category", "days", "then", "next run (UTC)", "last run went"],
        [
            [
                one.category,
                _days(one.policy.retention_days) if one.policy.enabled else "paused",
                one.policy.action,
                (one.next_run or "-")[:16].replace("T", " "),
                _last(one.last.items, one.last.size_bytes) if one.last else "-",
            ]
            for one in view.policies
        ],
    )
    print()
    print_table(
        ["camera", "holds", "days held", "keeps", "at least", "quota"],
        [
            [
                one.camera_id,
                _size(one.size_bytes),
                f"{one.days_held:.1f}",
                "forever" if one.retention_days is None else f"{one.retention_days:g} days",
                f"{one.minimum_days:g} days",
                _size(one.quota_bytes) if one.quota_bytes else "-",
            ]
            for one in view.cameras
        ],
    )
    if view.garbage:
        print(f"\n{view.garbage} files are to be deleted and still there")
    for fault in view.faults:
        print(f"\n{fault}")
    return 0


def _ask_dry_run(endpoint: Endpoint, category: str | None) -> tuple[RetentionReport, ...]:
    query = "?dry_run=true" + (f"&category={category}" if category else "")
    answer = post(endpoint, f"/api/v1/retention/run{query}", _CHOOSE_TIMEOUT_S)
    return msgspec.convert(answer, type=RetentionReports).reports


def _run_now(endpoint: Endpoint, category: str | None) -> tuple[RetentionReport, ...]:
    """Ask, then wait until nothing is under way. What was said last of each run is its end."""
    query = f"?category={category}" if category else ""
    wanted = 1 if category else len(CATEGORIES)
    answer = post(endpoint, f"/api/v1/retention/run{query}", _CHOOSE_TIMEOUT_S)
    ticket = msgspec.convert(answer, type=RetentionReports).ticket
    while True:
        plain = get_json(endpoint, f"/api/v1/retention/runs/{ticket}")
        reports = msgspec.convert(plain, type=RetentionReports).reports
        if len(reports) == wanted and not any(report.is_running for report in reports):
            return reports
        time.sleep(_POLL_S)


def _offline_dry_run(folder: DataFolder, category: Category | None) -> tuple[RetentionReport, ...]:
    from engine.base.clock import SystemClock
    from nvr_app.commands.retention_offline import offline_dry_run

    settings = load_settings(folder).settings
    return offline_dry_run(folder, settings, category, SystemClock().wall_us())


def _print_reports(reports: tuple[RetentionReport, ...]) -> None:
    rows: list[list[Any]] = [
        [
            report.category,
            share.camera_id or "-",
            share.items,
            _size(share.size_bytes),
            iso_utc(share.oldest_wall_us)[:16].replace("T", " "),
            iso_utc(share.newest_wall_us)[:16].replace("T", " "),
            share.why,
        ]
        for report in reports
        for share in report.shares
    ]
    if rows:
        print_table(["category", "camera", "items", "size", "from (UTC)", "to (UTC)", "why"], rows)
        print()
    items, size = sum(r.items for r in reports), sum(r.size_bytes for r in reports)
    is_dry = any(report.is_dry_run for report in reports)
    print(f"{items} items, {_size(size)} {'would go; nothing was deleted' if is_dry else 'went'}.")
    for report in reports:
        if report.failures:
            print(f"{report.category}: {report.failures} could not be deleted: {report.detail}")
        elif report.detail:
            print(f"{report.category}: {report.detail}")


def _days(days: float | str) -> str:
    return days if isinstance(days, str) else f"{days:g}"


def _last(items: int, size_bytes: int) -> str:
    return f"{items} items, {_size(size_bytes)}"


def _size(count: int) -> str:
    for unit, scale in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if count >= scale:
            return f"{count / scale:.2f} {unit}"
    return f"{count} B"
