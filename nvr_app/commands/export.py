"""`nvr export`: footage with a signed manifest, through the running engine or from a dead box."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import time
from pathlib import Path
from typing import Any

from nvr_app.commands.output import add_json, print_json
from nvr_app.contract.endpoint import Endpoint, read_endpoint
from nvr_app.contract.timebase import iso_utc, parse_wall_us
from nvr_app.engine_client import EngineUnreachableError, get_json, post
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder, data_folder

_POLL_S = 0.5
_ANSWER_S = 30.0
"""The request waits for journal and index."""
_ENDED = frozenset({"done", "failed", "cancelled"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--camera", action="append", default=[], metavar="ID", help="once for each")
    parser.add_argument("--from", dest="start", metavar="T", help="ISO 8601 (UTC) or seconds")
    parser.add_argument("--to", dest="end", metavar="T", help="ISO 8601 (UTC) or seconds")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder that takes the export")
    parser.add_argument("--reason", default="", help="goes into manifest and journal")
    parser.add_argument("--password", help="encrypt with AES-256; - asks for it")
    parser.add_argument("--burn-time", action="store_true", help="draw the time into the pictures")
    parser.add_argument(
        "--mask", action="append", default=[], metavar="X0,Y0,X1,Y1", help="black out, from 0 to 1"
    )
    parser.add_argument("--resume", metavar="EXPORT", help="go on with one that did not end well")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """0 exported, 1 failed. UserError: a sentence; Ctrl+C cancels the export."""
    folder = data_folder(args.data_dir)
    password = _password(args.password)
    endpoint = read_endpoint(folder.run)
    if args.resume:
        if endpoint is None:
            raise UserError("no engine runs on this folder: an export is resumed by its engine")
        view = post(
            endpoint,
            f"/api/v1/exports/{args.resume}/resume",
            _ANSWER_S,
            body={"password": password},
        )
        return _follow(endpoint, view, args)
    body = _body(args, password)
    if endpoint is not None:
        try:
            return _follow(endpoint, post(endpoint, "/api/v1/exports", _ANSWER_S, body=body), args)
        except EngineUnreachableError:
            print("The engine does not answer: exporting from its files.", file=sys.stderr)
    return _from_files(folder, body, args)


def _body(args: argparse.Namespace, password: str) -> dict[str, Any]:
    missing = [
        name
        for name, value in (
            ("--camera", args.camera), ("--from", args.start), ("--to", args.end),
            ("--out", args.out),
        )
        if not value
    ]  # fmt: skip
    if missing:
        raise UserError(f"an export needs {', '.join(missing)}")
    return {
        "camera_ids": args.camera,
        "start": iso_of(args.start, "--from"),
        "end": iso_of(args.end, "--to"),
        "folder": str(args.out.expanduser().absolute()),
        "burn_time": args.burn_time,
        "masks": [_mask(text) for text in args.mask],
        "password": password,
        "reason": args.reason,
    }


def iso_of(text: str, name: str) -> str:
    """A moment as the API takes it. UserError names the option."""
    try:
        return iso_utc(parse_wall_us(text))
    except (ValueError, OverflowError) as error:
        raise UserError(f"{name}: {error}") from None


def _mask(text: str) -> tuple[float, float, float, float]:
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError:
        raise UserError(f"--mask {text}: four numbers are expected, X0,Y0,X1,Y1") from None
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise UserError(f"--mask {text} is no region: x0 < x1 and y0 < y1, from 0 to 1")
    return x0, y0, x1, y1


def _password(given: str | None) -> str:
    if given != "-":
        return given or ""
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


def _follow(endpoint: Endpoint, view: Any, args: argparse.Namespace) -> int:
    """Show the progress until the end. Any: the API's answer as decoded JSON."""
    path = f"/api/v1/exports/{view['export_id']}"
    try:
        while view["state"] not in _ENDED:
            _show(view["done_bytes"], view["total_bytes"], args)
            time.sleep(_POLL_S)
            view = get_json(endpoint, path)
    except KeyboardInterrupt:
        post(endpoint, f"{path}/cancel")
        print("\nThe export is cancelled; what it had written is removed.", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(view, indent=2, ensure_ascii=False))
    else:
        print(view["detail"])
        if view["state"] != "done":
            print(f"nvr export --resume {view['export_id']} goes on with it.")
    return 0 if view["state"] == "done" else 1


def _show(done: int, total: int, args: argparse.Namespace) -> None:
    if sys.stderr.isatty() and not args.json:
        share = 100 * done // max(total, 1)
        print(f"\r{share:3d} %  {done / 1024**2:.0f} MiB", end="", file=sys.stderr)


def _from_files(folder: DataFolder, body: dict[str, Any], args: argparse.Namespace) -> int:
    """From journal and files alone: the engine's machine may be dead."""
    from engine.base.errors import EngineError
    from nvr_app.offline_export import export_from_files

    try:
        result = export_from_files(folder, body, lambda done, total, _: _show(done, total, args))
    except EngineError as error:
        raise UserError(str(error)) from None
    if args.json:
        print_json({"place": str(result.place), "files": result.files,
                    "size_bytes": result.size_bytes, "manifest_hash": result.manifest_hash,
                    "damages": [damage.what for damage in result.damages]})  # fmt: skip
    else:
        print(result.sentence)
    return 0
