"""Is this export what the engine handed out? File by file, and by whose key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, Literal

import msgspec

from nvr_app.evidence.bundle import BrokenFileError, Bundle, BundleError, open_bundle, read_small
from nvr_app.evidence.digest import FileDigest
from nvr_app.evidence.manifest import (
    MANIFEST,
    OWN_NAMES,
    PUBLIC_KEY,
    SIGNATURE,
    File,
    Manifest,
    ManifestError,
    decode_manifest,
)
from nvr_app.evidence.signing import KeyUnusableError, is_signed_by, key_id_of, read_public_pem

FileState = Literal["intact", "changed", "missing", "added"]
SignatureState = Literal["valid", "invalid", "missing"]
_READ_BYTES = 4 * 1024**2

Progress = Callable[[int, int], None]
"""(bytes verified, bytes in all); may raise to stop."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file."""

    name: str
    state: FileState
    detail: str = ""
    offset: int | None = None
    """Where the first block that differs begins."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found."""

    path: str
    is_intact: bool
    signature: SignatureState
    key_id: str = ""
    """Fingerprint of the key that the signature was checked with."""
    is_expected_key: bool | None = None
    """Whether it is the key that the person named; None when none was named."""
    fault: str = ""
    """Why nothing could be verified at all."""
    manifest: Manifest | None = None
    findings: tuple[Finding, ...] = ()


def verify_export(
    path: Path,
    *,
    password: str = "",
    expected_key_id: str = "",
    on_progress: Progress = lambda _done, _total: None,
) -> Verdict:
    """Verify a folder, an archive or one file beside its manifest. Reads only; blocks.

    BundleError: there is nothing to verify (or the password is wrong). Everything that is wrong
    with an export itself is in the verdict.
    """
    only = ""
    place = path
    if path.is_file() and (path.parent / MANIFEST).is_file():
        only, place = path.name, path.parent
    try:
        bundle = open_bundle(place, password)
    except BrokenFileError as error:
        return Verdict(path=str(path), is_intact=False, signature="missing", fault=str(error))
    try:
        return _verify(bundle, path, only, expected_key_id, on_progress)
    finally:
        bundle.close()


def _verify(
    bundle: Bundle, path: Path, only: str, expected_key_id: str, on_progress: Progress
) -> Verdict:
    names = bundle.names()
    if MANIFEST not in names:
        raise BundleError(f"there is no {MANIFEST} at {path}: this is no export of nvr")
    try:
        data = read_small(bundle, MANIFEST)
        signature, key_id = _check_signature(bundle, data)
        manifest = decode_manifest(data)
    except (BrokenFileError, ManifestError) as error:
        return Verdict(path=str(path), is_intact=False, signature="invalid", fault=str(error))
    files = [file for file in manifest.files if only in {"", MANIFEST, file.name}]
    findings = _check_files(bundle, names, files, on_progress)
    if not only:
        findings += _added(names, manifest)
    elif not files and only not in OWN_NAMES:
        findings.append(Finding(name=only, state="added", detail="the manifest does not name it"))
    is_expected = None if not expected_key_id else key_id == expected_key_id
    is_intact = signature == "valid" and is_expected is not False
    return Verdict(
        path=str(path),
        is_intact=is_intact and all(finding.state == "intact" for finding in findings),
        signature=signature,
        key_id=key_id,
        is_expected_key=is_expected,
        manifest=manifest,
        findings=tuple(findings),
    )


def _check_signature(bundle: Bundle, data: bytes) -> tuple[SignatureState, str]:
    names = bundle.names()
    if SIGNATURE not in names or PUBLIC_KEY not in names:
        return "missing", ""
    try:
        public_key = read_public_pem(read_small(bundle, PUBLIC_KEY))
        signature = read_small(bundle, SIGNATURE)
    except (BrokenFileError, KeyUnusableError):
        return "invalid", ""
    is_valid = is_signed_by(public_key, signature, data)
    return ("valid" if is_valid else "invalid"), key_id_of(public_key)


def _check_files(
    bundle: Bundle, names: tuple[str, ...], files: list[File], on_progress: Progress
) -> list[Finding]:
    total = sum(file.size_bytes for file in files)
    before = 0
    findings = []
    for file in files:
        if file.name in names:
            findings.append(_check_file(bundle, file, _counted_from(before, total, on_progress)))
        else:
            findings.append(
                Finding(name=file.name, state="missing", detail="the file is not there")
            )
        before += file.size_bytes
        on_progress(before, total)
    return findings


def _counted_from(before: int, total: int, on_progress: Progress) -> Callable[[int], None]:
    def on_read(done: int) -> None:
        on_progress(before + done, total)

    return on_read


def _check_file(bundle: Bundle, file: File, on_read: Callable[[int], None]) -> Finding:
    digest = FileDigest(file.block_bytes or FileDigest().block_bytes)
    trouble = ""
    try:
        with bundle.open(file.name) as source:
            _feed(digest, source, on_read)
    except BrokenFileError as error:
        trouble = str(error)
    is_same = digest.size_bytes == file.size_bytes and digest.sha256() == file.sha256
    if is_same and not trouble:
        return Finding(name=file.name, state="intact")
    offset = _first_difference(digest, file)
    return Finding(
        name=file.name,
        state="changed",
        detail=_detail(digest, file, offset, trouble),
        offset=offset,
    )


def _feed(digest: FileDigest, source: IO[bytes], on_read: Callable[[int], None]) -> None:
    while data := source.read(_READ_BYTES):
        digest.update(data)
        on_read(digest.size_bytes)


def _first_difference(digest: FileDigest, file: File) -> int | None:
    """Where the first block begins that is not as it was; None where no blocks are listed."""
    if not file.blocks:
        return None
    found = digest.blocks()
    for number, wanted in enumerate(file.blocks):
        if number >= len(found) or found[number] != wanted:
            return number * file.block_bytes
    return file.size_bytes if digest.size_bytes > file.size_bytes else 0


def _detail(digest: FileDigest, file: File, offset: int | None, trouble: str) -> str:
    parts = [trouble] if trouble else []
    if digest.size_bytes != file.size_bytes:
        parts.append(f"it has {digest.size_bytes} bytes instead of {file.size_bytes}")
    if offset is not None:
        end = min(offset + file.block_bytes, max(digest.size_bytes, file.size_bytes))
        parts.append(f"the first difference lies between bytes {offset} and {end}")
    return "; ".join(parts) or "its content is another one"


def _added(names: tuple[str, ...], manifest: Manifest) -> list[Finding]:
    known = {file.name for file in manifest.files} | OWN_NAMES
    return [
        Finding(name=name, state="added", detail="the manifest does not name it")
        for name in names
        if name not in known
    ]
