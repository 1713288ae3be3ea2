"""The chain's head under the engine's Ed25519 key: nobody can rewrite what lies before it."""

from __future__ import annotations

from pathlib import Path

from engine.base.atomic_file import write_atomic
from nvr_app.contract.audit_facts import JournalSigned
from nvr_app.errors import UserError
from nvr_app.evidence.signing import Signer, is_signed_by, key_id_of, public_pem, read_public_pem

_SUFFIX = ".pem"


def sign_head(
    signer: Signer,
    *,
    wall_us: int,
    up_to_seq: int,
    head: str,
    checkpoint: str = "",
    checkpoint_hash: str = "",
) -> JournalSigned:
    """The fact that says, and proves, what the chain held at that moment."""
    return JournalSigned(
        wall_us=wall_us,
        up_to_seq=up_to_seq,
        head=head,
        checkpoint=checkpoint,
        checkpoint_hash=checkpoint_hash,
        key_id=signer.key_id,
        signature=signer.sign(
            _signed_text(wall_us, up_to_seq, head, checkpoint, checkpoint_hash, signer.key_id)
        ).hex(),
    )


def is_head_signed_by(public_key: bytes, fact: JournalSigned) -> bool:
    """Whether this key signed just these words."""
    try:
        signature = bytes.fromhex(fact.signature)
    except ValueError:
        return False
    text = _signed_text(
        fact.wall_us, fact.up_to_seq, fact.head, fact.checkpoint, fact.checkpoint_hash, fact.key_id
    )
    return key_id_of(public_key) == fact.key_id and is_signed_by(public_key, signature, text)


def keep_public_key(folder: Path, public_key: bytes) -> None:
    """Remember a key for later verifications; the folder holds what is trusted. OSError."""
    path = folder / f"{key_id_of(public_key)}{_SUFFIX}"
    if path.exists():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(path, public_pem(public_key), mode=0o644)


def trusted_keys(folder: Path) -> dict[str, bytes]:
    """Raw public keys by key id; what is no key, or named otherwise than it is, is not trusted."""
    keys: dict[str, bytes] = {}
    for path in sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else []:
        try:
            key = read_public_pem(path.read_bytes())
        except (OSError, UserError):
            continue
        if key_id_of(key) == path.name.removesuffix(_SUFFIX):
            keys[key_id_of(key)] = key
    return keys


def _signed_text(wall_us: int, seq: int, head: str, name: str, digest: str, key_id: str) -> bytes:
    lines = ("nvr journal head 1", wall_us, seq, head, name, digest, key_id)
    return ("\n".join(map(str, lines)) + "\n").encode()
