"""Is the journal what it was? Chain, payloads, and every head that was signed or kept elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.journal.head_signing import is_head_signed_by
from engine.journal.payload import known_fact
from engine.journal.reader import read_records
from engine.journal.verify import JournalReport, verify_journal
from nvr_app.contract.audit_facts import JournalSigned
from nvr_app.errors import UserError
from nvr_app.evidence.signing import public_pem, read_public_pem

FORMAT = "nvr-journal-head"


class HeadFile(msgspec.Struct, frozen=True, kw_only=True):
    """A signed head as it is kept off the box."""

    format: str = FORMAT
    signed: JournalSigned
    public_key: str
    """PEM."""


class HeadFileError(UserError):
    """A file that is no signed head."""


@dataclass(frozen=True)
class AuditReport:
    """What is proven; `faults` are sentences."""

    journal: JournalReport
    heads: int
    """Signed heads that fit the chain."""
    signed_up_to_seq: int
    signed_at_us: int
    """When the last of them was signed; 0: none was."""
    key_ids: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def is_intact(self) -> bool:
        return not self.faults and not self.journal.faults


def signed_heads(journal_dir: Path) -> list[JournalSigned]:
    """Every head that the journal says was signed, in order."""
    found = []
    for record in read_records(journal_dir):
        said = known_fact(record.payload) if record.kind == "journal_signed" else None
        if said is not None and isinstance(said.fact, JournalSigned):
            found.append(said.fact)
    return found


def audit_journal(
    journal_dir: Path, keys: Mapping[str, bytes], kept_elsewhere: HeadFile | None = None
) -> AuditReport:
    """Verify everything; any process, also while the engine writes.

    `keys` are the public keys that count, by id. A head that was kept elsewhere shows what the
    journal alone cannot: that its end was cut off, or all of it was written anew.
    """
    heads = signed_heads(journal_dir)
    foreign = [kept_elsewhere.signed] if kept_elsewhere is not None else []
    report = verify_journal(journal_dir, wanted=[head.up_to_seq for head in heads + foreign])
    faults: list[str] = []
    good = [head for head in heads if not _add_fault(head, keys, report, faults)]
    for head in foreign:
        _add_fault(head, keys, report, faults)
    if keys and not heads and report.records:
        faults.append(
            "no signed head stands in the journal, though this engine has signed: "
            "were its records written anew?"
        )
    last = good[-1] if good else None
    return AuditReport(
        journal=report,
        heads=len(good),
        signed_up_to_seq=last.up_to_seq if last else 0,
        signed_at_us=last.wall_us if last else 0,
        key_ids=tuple(sorted({head.key_id for head in good})),
        faults=tuple(faults),
    )


def _add_fault(
    head: JournalSigned, keys: Mapping[str, bytes], report: JournalReport, faults: list[str]
) -> bool:
    fault = _fault(head, keys, report)
    if fault:
        faults.append(f"the head of record {head.up_to_seq}, signed by {head.key_id}: {fault}")
    return bool(fault)


def _fault(head: JournalSigned, keys: Mapping[str, bytes], report: JournalReport) -> str:
    key = keys.get(head.key_id)
    if key is None:
        return "that key is not trusted here"
    if not is_head_signed_by(key, head):
        return "its signature is wrong"
    if head.up_to_seq > report.last_seq:
        return f"the journal ends at record {report.last_seq}, before it"
    known = report.hashes.get(head.up_to_seq)
    if known is None:
        return "that record cannot be read"
    return "" if known == head.head else "the chain has another record there"


def newest_head(journal_dir: Path, keys: Mapping[str, bytes]) -> HeadFile | None:
    """The last head that was signed with a key that is known, ready to be kept elsewhere."""
    for signed in reversed(signed_heads(journal_dir)):
        key = keys.get(signed.key_id)
        if key is not None and is_head_signed_by(key, signed):
            return HeadFile(signed=signed, public_key=public_pem(key).decode())
    return None


def encode_head(head: HeadFile) -> bytes:
    return msgspec.json.format(msgspec.json.encode(head), indent=1) + b"\n"


def decode_head(data: bytes) -> HeadFile:
    """HeadFileError: these bytes are no signed head, or were changed."""
    try:
        head = msgspec.json.decode(data, type=HeadFile)
        key = read_public_pem(head.public_key.encode())
    except (msgspec.MsgspecError, UnicodeDecodeError, UserError) as error:
        raise HeadFileError(f"this is no signed head of a journal ({error})") from None
    if head.format != FORMAT:
        raise HeadFileError(f"this is no signed head of a journal (format {head.format!r})")
    if not is_head_signed_by(key, head.signed):
        raise HeadFileError("the signature in the file does not fit the head in it: it was changed")
    return head
