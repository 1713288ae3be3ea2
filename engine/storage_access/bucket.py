"""A bucket of an object store (S3) as a cold root.

Objects are written whole, with their SHA-256, which the store itself compares before it says
yes. What is in the bucket carries the hash that the journal knows, so it can be checked there.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar, get_args

from engine.base.errors import EngineError
from nvr_app.contract.config import BucketSettings, Credentials, StorageClass

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_T = TypeVar("_T")
_HASH_KEY = "nvr-content-hash"
_CHUNK_BYTES = 1 << 20
_WINDOW_BYTES = 4 << 20
"""Read in one go: a request costs tens of milliseconds, a player asks for a quarter of this."""
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


class BucketError(EngineError):
    """The store refused or did not answer; the sentence says which bucket and what was tried."""


class Bucket:
    """One bucket. Any thread; every method blocks on the network, for a minute at most a try."""

    def __init__(self, settings: BucketSettings, login: Credentials | None) -> None:
        self._settings = settings
        # Only who has a bucket pays for the library: 40 MB and a quarter of a second.
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        self._errors: tuple[type[Exception], ...] = (ClientError, BotoCoreError)
        # Without a login the surroundings' own is used: environment, profile, machine's role.
        self._client: S3Client = boto3.client(
            "s3",
            region_name=settings.region or None,
            endpoint_url=settings.endpoint or None,
            aws_access_key_id=login.user if login else None,
            aws_secret_access_key=login.password if login else None,
            config=Config(
                connect_timeout=5,
                read_timeout=20,
                retries={"max_attempts": 3, "mode": "standard"},
                # Stores that are not Amazon's know buckets by path, not by host name.
                s3={"addressing_style": "path" if settings.endpoint else "auto"},
            ),
        )

    @property
    def name(self) -> str:
        return self._settings.name

    def require(self) -> None:
        """BucketError unless the bucket answers and is ours to use."""
        self._try("reach", "", lambda: self._client.head_bucket(Bucket=self._settings.bucket))

    def put(self, path: str, source: Path, content_hash: str, storage_class: str = "") -> int:
        """Write a file; its size. The store has verified it when this returns. BucketError.

        `storage_class`: another than the bucket's own.
        """
        chosen = next(
            (one for one in get_args(StorageClass) if one == storage_class),
            self._settings.storage_class,
        )
        checksum, size = _sha256(source)
        with source.open("rb") as body:
            self._try(
                "write",
                path,
                lambda: self._client.put_object(
                    Bucket=self._settings.bucket,
                    Key=self._key(path),
                    Body=body,
                    ChecksumSHA256=checksum,
                    StorageClass=chosen,
                    ContentType="video/mp4" if path.endswith(".mp4") else "application/json",
                    Metadata={_HASH_KEY: content_hash},
                ),
            )
        if self.size(path) != size or self.content_hash(path) != content_hash:
            raise BucketError(f"{self._what(path)} is not there as it was written: try again")
        return size

    def size(self, path: str) -> int | None:
        """Bytes of an object; None when there is none."""
        try:
            head = self._client.head_object(Bucket=self._settings.bucket, Key=self._key(path))
        except self._errors as error:
            if _code(error) in _MISSING:
                return None
            raise self._error("look at", path, error) from None
        return head["ContentLength"]

    def content_hash(self, path: str) -> str:
        """The journal's hash that was written with the object; empty when there was none."""
        head = self._try(
            "look at",
            path,
            lambda: self._client.head_object(Bucket=self._settings.bucket, Key=self._key(path)),
        )
        return head["Metadata"].get(_HASH_KEY, "")

    def read(self, path: str, offset: int, size: int) -> bytes:
        """So many bytes from there; fewer only at the end. BucketError."""
        if size <= 0:
            return b""

        def get() -> bytes:
            answer = self._client.get_object(
                Bucket=self._settings.bucket,
                Key=self._key(path),
                Range=f"bytes={offset}-{offset + size - 1}",
            )
            return answer["Body"].read()

        try:
            return self._try("read", path, get)
        except BucketError as error:
            if "InvalidRange" in str(error):
                return b""
            raise

    def fetch(self, path: str, target: Path) -> None:
        """Write an object's bytes into a new file. BucketError, OSError."""
        with target.open("xb") as out:
            offset = 0
            while data := self.read(path, offset, _WINDOW_BYTES):
                out.write(data)
                offset += len(data)

    def remove(self, path: str) -> None:
        """Take an object away; one that is gone already is no fault. BucketError."""
        self._try(
            "remove",
            path,
            lambda: self._client.delete_object(Bucket=self._settings.bucket, Key=self._key(path)),
        )

    def _key(self, path: str) -> str:
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts:
            raise BucketError(f"{path!r} does not lie in bucket {self._settings.bucket}")
        prefix = self._settings.prefix.strip("/")
        return f"{prefix}/{path}" if prefix else path

    def _what(self, path: str) -> str:
        return f"{path} in bucket {self._settings.bucket} ({self._settings.name})"

    def _try(self, doing: str, path: str, work: Callable[[], _T]) -> _T:
        try:
            return work()
        except self._errors as error:
            raise self._error(doing, path, error) from None

    def _error(self, doing: str, path: str, error: Exception) -> BucketError:
        told = getattr(error, "response", {}).get("Error", {})
        reason = f"{told.get('Code', '')} {told.get('Message', '')}".strip() or str(error)
        return BucketError(
            f"could not {doing} {self._what(path).lstrip()}: {reason}; "
            "check the bucket's name, region and login, and the network"
        )


def _code(error: Exception) -> str:
    """What the store calls it; empty where it did not answer at all."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


class BucketFile:
    """One object, opened for reading; the same shape as a file on a disk. One thread at a time."""

    def __init__(self, bucket: Bucket, path: str) -> None:
        """Asks nothing of the store yet."""
        self._bucket = bucket
        self._path = path
        self._size: int | None = None
        self._window = b""
        self._window_at = 0

    def size(self) -> int:
        """Its size, asked for once: what is archived no longer grows. BucketError."""
        if self._size is None:
            self._size = self._bucket.size(self._path)
            if self._size is None:
                raise BucketError(f"{self._path} is not in bucket {self._bucket.name}")
        return self._size

    def read(self, offset: int, size: int) -> bytes:
        """So many bytes, fewer only at the end. BucketError."""
        size = max(0, min(size, self.size() - offset))
        begin = offset - self._window_at
        if not 0 <= begin <= begin + size <= len(self._window):
            self._window = self._bucket.read(self._path, offset, max(size, _WINDOW_BYTES))
            self._window_at = offset
            begin = 0
        return self._window[begin : begin + size]

    def close(self) -> None:
        """Idempotent."""
        self._window = b""


def _sha256(source: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return base64.b64encode(digest.digest()).decode(), size
