"""`nvr audit`: prove that the journal is what it was; keep its signed head elsewhere."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from nvr_app.commands.output import add_json, print_json
from nvr_app.contract.timebase import iso_utc
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder, data_folder

if TYPE_CHECKING:
    from engine.journal.audit import AuditReport, HeadFile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="chain, payloads and every signed head")
    verify.add_argument(
        "--head", type=Path, help="a head that was kept elsewhere: shows a cut or rewritten journal"
    )
    verify.add_argument("--key", help="only this key counts: its fingerprint, or its PEM file")
    add_json(verify)
    export = actions.add_parser("export-head", help="write the newest signed head into a file")
    export.add_argument("--out", type=Path, required=True, help="the file, best on another machine")


def run(args: argparse.Namespace) -> int:
    """0 when everything is intact, 1 when not. UserError: a sentence."""
    folder = data_folder(args.data_dir)
    if not folder.journal.is_dir():
        raise UserError(f"there is no journal in {folder.root}; name its folder with --data-dir")
    return _export(args, folder) if args.action == "export-head" else _verify(args, folder)


def _verify(args: argparse.Namespace, folder: DataFolder) -> int:
    from engine.journal.audit import audit_journal
    from engine.journal.head_signing import trusted_keys
    from nvr_app.evidence.signing import given_key_id

    keys = trusted_keys(folder.signing_keys)
    kept = _read_head(args.head) if args.head else None
    if args.key:
        wanted = given_key_id(args.key)
        keys = {key_id: key for key_id, key in keys.items() if key_id == wanted}
        if not keys:
            raise UserError(f"this engine never signed with {wanted}: nothing can be proven by it")
    report = audit_journal(folder.journal, keys, kept)
    if args.json:
        print_json({**asdict(report), "is_intact": report.is_intact})
    else:
        _print(report)
    return 0 if report.is_intact else 1


def _export(args: argparse.Namespace, folder: DataFolder) -> int:
    from engine.base.atomic_file import write_atomic
    from engine.journal.audit import encode_head, newest_head
    from engine.journal.head_signing import trusted_keys

    head = newest_head(folder.journal, trusted_keys(folder.signing_keys))
    if head is None:
        raise UserError("no head is signed yet: the engine does so within a day of its first start")
    try:
        write_atomic(args.out, encode_head(head), mode=0o644)
    except OSError as error:
        raise UserError(f"{args.out} cannot be written ({error.strerror or error})") from None
    print(
        f"The head of record {head.signed.up_to_seq}, signed {iso_utc(head.signed.wall_us)} "
        f"by {head.signed.key_id}, lies in {args.out}"
    )
    return 0


def _read_head(path: Path) -> HeadFile:
    from engine.journal.audit import HeadFileError, decode_head

    try:
        return decode_head(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error})") from None
    except HeadFileError as error:
        raise UserError(f"{path}: {error}") from None


def _print(report: AuditReport) -> None:
    journal = report.journal
    if journal.records:
        print(
            f"records: {journal.records}, from {iso_utc(journal.first_wall_us)} "
            f"to {iso_utc(journal.last_wall_us)}"
        )
    else:
        print("records: none")
    if journal.dropped_payloads:
        print(f"payloads dropped in their time: {journal.dropped_payloads}")
    if report.heads:
        print(
            f"signed heads: {report.heads}, the last one up to record {report.signed_up_to_seq} "
            f"on {iso_utc(report.signed_at_us)} by {', '.join(report.key_ids)}"
        )
        print(f"after it, not signed yet: {journal.last_seq - report.signed_up_to_seq} records")
    else:
        print("signed heads: none yet")
    for fault in (*journal.faults, *report.faults):
        print(f"  fault: {fault}")
    print("The journal is intact." if report.is_intact else "The journal is NOT intact.")
