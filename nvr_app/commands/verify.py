"""`nvr verify`: is this export what the engine handed out? Needs no engine and no data folder."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nvr_app.commands.output import add_json, print_json
from nvr_app.errors import UserError

if TYPE_CHECKING:
    from nvr_app.evidence.verifier import Verdict

INTACT, NOT_INTACT, NOTHING_VERIFIED = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", type=Path, metavar="FILE|FOLDER", help="the export, or a file of it"
    )
    parser.add_argument("--password", help="of an encrypted export; - asks for it")
    parser.add_argument(
        "--public-key", metavar="KEY", help="the fingerprint or key file that must have signed it"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """0 intact, 1 not intact, 2 nothing could be verified (no export, wrong password or key)."""
    from nvr_app.evidence.signing import given_key_id
    from nvr_app.evidence.verifier import verify_export

    try:
        verdict = verify_export(
            args.path.expanduser(),
            password=_password(args.password),
            expected_key_id=given_key_id(args.public_key) if args.public_key else "",
            on_progress=_progress(is_shown=sys.stderr.isatty() and not args.json),
        )
    except UserError as error:
        print(f"nvr: {error}", file=sys.stderr)
        return NOTHING_VERIFIED
    if args.json:
        print_json(_plain(verdict))
    else:
        print("\n".join(verdict_lines(verdict)))
    return INTACT if verdict.is_intact else NOT_INTACT


def verdict_lines(verdict: Verdict) -> list[str]:
    """The verdict in sentences."""
    lines = []
    manifest = verdict.manifest
    if manifest is not None:
        cameras = ", ".join(camera.name or camera.camera_id for camera in manifest.cameras)
        made = f"made {manifest.made} by {manifest.software}"
        lines += [
            f"export {manifest.export_id} of {manifest.site}, {made}",
            f"cameras: {cameras}",
            f"range asked: {manifest.asked.start} to {manifest.asked.end}",
        ]
    lines += [
        f"{finding.state:8} {finding.name}" + (f": {finding.detail}" if finding.detail else "")
        for finding in verdict.findings
    ]
    if manifest is not None and manifest.damages:
        lines.append("named as damaged when it was exported:")
        lines += [f"  {d.camera_id} {d.segment_id}: {d.what}" for d in manifest.damages]
    if verdict.fault:
        lines.append(f"fault: {verdict.fault}")
    lines.append(_signature_line(verdict))
    lines.append("The export is intact." if verdict.is_intact else "The export is NOT intact.")
    return lines


def _signature_line(verdict: Verdict) -> str:
    if verdict.signature == "missing":
        return "signature: missing: nobody vouches for the manifest"
    if verdict.signature == "invalid":
        return "signature: INVALID: the manifest is not what was signed"
    line = f"signature: valid, by the key {verdict.key_id}"
    if verdict.is_expected_key is None:
        return f"{line} (compare it with what the recorder shows: nvr doctor)"
    if verdict.is_expected_key:
        return f"{line}, which is the one that was named"
    return f"{line}, which is NOT the one that was named"


def _plain(verdict: Verdict) -> object:
    plain = msgspec.to_builtins(verdict)
    for file in (plain["manifest"] or {}).get("files", ()):
        del file["blocks"]  # thousands of lines that nobody reads here
    return plain


def _password(given: str | None) -> str:
    if given != "-":
        return given or ""
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


def _progress(*, is_shown: bool) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        if is_shown:
            share = 100 * done // max(total, 1)
            print(f"\r{share:3d} %", end="\r" if done >= total else "", file=sys.stderr)

    return show
