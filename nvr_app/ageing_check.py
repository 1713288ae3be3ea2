"""What `[ageing]`, `[clips]` and `[[bucket]]` may say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from urllib.parse import urlsplit

from nvr_app.contract.config import AgeingSettings, BucketSettings

Fault = tuple[str, str]
"""The key that is wrong, and what is wrong with it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MOST_DAYS = 36_500

RANGES: dict[tuple[str, str], tuple[float, float]] = {
    ("ageing", "warm_after_days"): (0, _MOST_DAYS),
    ("ageing", "cold_after_days"): (0, _MOST_DAYS),
    ("ageing", "hevc_after_days"): (0, _MOST_DAYS),
    ("ageing", "av1_after_days"): (0, _MOST_DAYS),
    ("ageing", "reencode_until_days"): (0, _MOST_DAYS),
    ("ageing", "hevc_crf"): (0, 51),
    ("ageing", "av1_crf"): (0, 63),
    ("ageing", "av1_preset"): (0, 13),
    ("ageing", "cpu_share"): (0.01, 64),
    ("clips", "minimum_score"): (0, 1),
    ("clips", "pre_s"): (0, 600),
    ("clips", "post_s"): (0, 600),
    ("clips", "longest_s"): (1, 3_600),
}


def ageing_faults(ageing: AgeingSettings) -> list[Fault]:
    """Days that contradict each other; the sentences name the numbers."""
    found = []
    moves = [
        (key, getattr(ageing, key))
        for key in ("warm_after_days", "cold_after_days")
        if getattr(ageing, key)
    ]
    codecs = [
        (key, getattr(ageing, key))
        for key in ("hevc_after_days", "av1_after_days")
        if getattr(ageing, key)
    ]
    if codecs:
        codecs.append(("reencode_until_days", ageing.reencode_until_days))
    for (early, early_days), (late, late_days) in (*pairwise(moves), *pairwise(codecs)):
        if late_days <= early_days:
            found.append((late, f"{late_days:g} is not later than {early} = {early_days:g}"))
    return found


def bucket_fault(bucket: BucketSettings, taken: Iterable[str]) -> Fault | None:
    """What is wrong with a bucket; `taken` are the names of roots and earlier buckets."""
    if not _NAME.fullmatch(bucket.name):
        return (
            "name",
            f"{bucket.name!r} is no name: use letters, digits, ., - and _, at most 32 of them",
        )
    if bucket.name in taken:
        return "name", f"name {bucket.name!r} is taken by a storage root or an earlier bucket"
    if not _BUCKET.fullmatch(bucket.bucket):
        return "bucket", f"{bucket.bucket!r} is no bucket's name"
    if bucket.endpoint:
        parts = urlsplit(bucket.endpoint)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            return (
                "endpoint",
                f"{bucket.endpoint!r} is no address: write https://host or with a port",
            )
    return None
