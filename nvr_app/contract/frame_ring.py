"""Frame ring: the newest decoded pictures of one camera, in memory shared by a user's processes.

One writer, any number of readers, nobody waits: the writer overwrites the oldest slot, a reader
checks the slot's generation before and after it uses the bytes (a sequence lock). The generation
is odd while a slot is being written. Header fields are aligned 64-bit stores, which x86-64 and
AArch64 perform whole; the check after the copy catches a reader that was overtaken.

A ring never changes its size: a camera that does gets a new ring under a new name.
Plain `mmap` is used rather than `multiprocessing.shared_memory`, whose resource tracker (before
Python 3.13) destroys a segment when any foreign process that attached to it exits.
"""

from __future__ import annotations

import mmap
import os
import secrets
import sys
from pathlib import Path
from typing import NamedTuple

from nvr_app.contract.status import RingRef

_MAGIC = 0x4E56_5252_494E_4701  # "NVRRING" and the layout's version
_WORDS = 8
_HEADER_BYTES = 64
_ALIGN = 64
_SHM_DIR = Path("/dev/shm")  # noqa: S108  POSIX shared memory lives here; files are made 0600

# Words of the ring header.
_H_MAGIC, _H_WIDTH, _H_HEIGHT, _H_SLOTS, _H_LATEST, _H_CLOSED, _H_LOOK = range(7)
# Words of a slot header.
_S_GENERATION, _S_NUMBER, _S_PTS, _S_WALL, _S_MONO, _S_MOTION, _S_DUE = range(7)


class SlotInfo(NamedTuple):
    """What is known of one picture."""

    number: int
    """Counts pictures of this ring from 1."""
    pts_us: int
    wall_us: int
    """Arrival of the picture's last packet at the engine."""
    mono_ns: int
    """The same moment on the monotonic clock, which all processes of a machine share."""
    motion: bool
    due_number: int
    """Counts the pictures that are due for detection; grows by one with each of them."""


def picture_bytes(width: int, height: int) -> int:
    """Size of an I420 picture; odd sizes round the chroma planes up."""
    chroma = ((width + 1) // 2) * ((height + 1) // 2)
    return width * height + 2 * chroma


def _slot_stride(width: int, height: int) -> int:
    raw = _HEADER_BYTES + picture_bytes(width, height)
    return (raw + _ALIGN - 1) // _ALIGN * _ALIGN


def _ring_bytes(width: int, height: int, slots: int) -> int:
    return _HEADER_BYTES + slots * _slot_stride(width, height)


def ring_name(owner: str, camera_id: str) -> str:
    """A fresh name; `owner` ties it to a data folder so that leftovers can be swept."""
    return f"nvr-{owner}-{camera_id}-{secrets.token_hex(4)}"


class FrameRingWriter:
    """Owner of a ring. Use from one thread; `close` frees the memory for new readers."""

    def __init__(self, name: str, width: int, height: int, slots: int = 4) -> None:
        self.ref = RingRef(name=name, width=width, height=height, slots=slots)
        self._stride = _slot_stride(width, height)
        self._picture_bytes = picture_bytes(width, height)
        self._map = _create(name, _ring_bytes(width, height, slots))
        self._view = memoryview(self._map)
        self._header = self._view[:_HEADER_BYTES].cast("q")
        self._slots = [
            (
                self._view[start : start + _HEADER_BYTES].cast("q"),
                self._view[start + _HEADER_BYTES : start + _HEADER_BYTES + self._picture_bytes],
            )
            for start in range(_HEADER_BYTES, _HEADER_BYTES + slots * self._stride, self._stride)
        ]
        self._number = 0
        self._header[_H_WIDTH] = width
        self._header[_H_HEIGHT] = height
        self._header[_H_SLOTS] = slots
        self._header[_H_MAGIC] = _MAGIC

    def begin(self) -> memoryview:
        """Open the next slot and return its bytes (I420, planes without padding) for filling."""
        head, data = self._slots[(self._number + 1) % len(self._slots)]
        if head[_S_GENERATION] % 2 == 0:
            head[_S_GENERATION] += 1
        return data

    def publish(
        self, *, pts_us: int, wall_us: int, mono_ns: int, motion: bool, due_number: int
    ) -> int:
        """Hand the slot of the last `begin` to readers; return the picture's number."""
        self._number += 1
        head, _ = self._slots[self._number % len(self._slots)]
        head[_S_NUMBER] = self._number
        head[_S_PTS] = pts_us
        head[_S_WALL] = wall_us
        head[_S_MONO] = mono_ns
        head[_S_MOTION] = int(motion)
        head[_S_DUE] = due_number
        head[_S_GENERATION] += 1
        self._header[_H_LATEST] = self._number
        return self._number

    @property
    def last_look_mono_ns(self) -> int:
        """When somebody last looked at the pictures with his eyes; 0 = nobody has."""
        return self._header[_H_LOOK]

    def close(self) -> None:
        """Mark the ring closed for its readers and remove its name; idempotent."""
        if self._map.closed:
            return
        self._header[_H_CLOSED] = 1
        for head, data in self._slots:
            head.release()
            data.release()
        self._header.release()
        self._view.release()
        self._map.close()
        remove_ring(self.ref.name)


class FrameRingReader:
    """A look at somebody's ring. Use from one thread. FileNotFoundError: the ring is gone."""

    def __init__(self, ref: RingRef) -> None:
        self.ref = ref
        stride = _slot_stride(ref.width, ref.height)
        size = picture_bytes(ref.width, ref.height)
        self._map = _attach(ref.name, _ring_bytes(ref.width, ref.height, ref.slots))
        self._view = memoryview(self._map)
        self._header = self._view[:_HEADER_BYTES].cast("q")
        self._slots = [
            (
                self._view[start : start + _HEADER_BYTES].cast("q"),
                self._view[start + _HEADER_BYTES : start + _HEADER_BYTES + size],
            )
            for start in range(_HEADER_BYTES, _HEADER_BYTES + ref.slots * stride, stride)
        ]
        if self._header[_H_MAGIC] != _MAGIC or self._header[_H_WIDTH] != ref.width:
            self.close()
            raise FileNotFoundError(f"frame ring {ref.name} has another layout")

    @property
    def latest(self) -> int:
        """Number of the newest picture, 0 before the first."""
        return self._header[_H_LATEST]

    @property
    def is_closed_by_writer(self) -> bool:
        return self._header[_H_CLOSED] != 0

    def note_look(self, mono_ns: int) -> None:
        """Tell the writer that somebody watches: it may save itself pictures that nobody sees."""
        self._header[_H_LOOK] = mono_ns

    def look(self, number: int) -> tuple[SlotInfo, memoryview] | None:
        """Facts and bytes (not copied) of a picture, or None when it was overwritten.

        The bytes may change at any time: after using them ask `is_intact(number)`.
        """
        head, data = self._slots[number % len(self._slots)]
        if head[_S_GENERATION] % 2 or head[_S_NUMBER] != number:
            return None
        info = SlotInfo(
            number,
            head[_S_PTS],
            head[_S_WALL],
            head[_S_MONO],
            head[_S_MOTION] != 0,
            head[_S_DUE],
        )
        return (info, data) if self.is_intact(number) else None

    def is_intact(self, number: int) -> bool:
        """Whether the bytes of that picture were still its own at this moment."""
        head, _ = self._slots[number % len(self._slots)]
        return head[_S_GENERATION] % 2 == 0 and head[_S_NUMBER] == number

    def close(self) -> None:
        """Let go of the memory; idempotent. Views handed out by `look` must be gone."""
        if self._map.closed:
            return
        for head, data in self._slots:
            head.release()
            data.release()
        self._header.release()
        self._view.release()
        self._map.close()


def remove_ring(name: str) -> None:
    """Remove a ring's name; readers that are attached keep their memory until they let go."""
    if sys.platform != "win32":  # Windows frees it with its last handle
        (_SHM_DIR / name).unlink(missing_ok=True)


def sweep_rings(owner: str) -> list[str]:
    """Remove what dead writers of this owner left behind; return the names removed."""
    if sys.platform == "win32":
        return []
    leftovers = sorted(path.name for path in _SHM_DIR.glob(f"nvr-{owner}-*"))
    for name in leftovers:
        remove_ring(name)
    return leftovers


def _create(name: str, size_bytes: int) -> mmap.mmap:
    if sys.platform == "win32":
        return mmap.mmap(-1, size_bytes, tagname=name)
    descriptor = os.open(_SHM_DIR / name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        # Reserve the pages now: a full /dev/shm is an error here, not a SIGBUS at a later store.
        os.posix_fallocate(descriptor, 0, size_bytes)
        return mmap.mmap(descriptor, size_bytes)
    except OSError:
        remove_ring(name)
        raise
    finally:
        os.close(descriptor)


def _attach(name: str, size_bytes: int) -> mmap.mmap:
    if sys.platform == "win32":
        return mmap.mmap(-1, size_bytes, tagname=name)
    descriptor = os.open(_SHM_DIR / name, os.O_RDWR)
    try:
        if os.fstat(descriptor).st_size < size_bytes:
            raise FileNotFoundError(f"frame ring {name} is smaller than announced")
        return mmap.mmap(descriptor, size_bytes)
    finally:
        os.close(descriptor)
