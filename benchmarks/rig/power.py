"""A disk whose power can be cut: a real ext4 in a file, shut down without flushing anything.

The kernel's own shutdown call drops whatever had not been synced, in the file system's log too;
the next mount replays that log, as after a power cut.
"""

from __future__ import annotations

import os
import struct
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.rig.server import RigError

_EXT4_IOC_SHUTDOWN = 0x8004587D
_WITHOUT_FLUSHING = 2
_UNMOUNT_S = 20.0


class PowerDisk:
    """`with PowerDisk(folder, size_mib) as disk:`; needs root."""

    def __init__(self, folder: Path, size_mib: int) -> None:
        if not hasattr(os, "geteuid") or os.geteuid() != 0:
            raise RigError("a power cut needs root: it mounts a file system and shuts it down")
        self.path = folder / "disk"
        self._image = folder / "disk.img"
        self._size_mib = size_mib

    def __enter__(self) -> Self:
        self.path.mkdir()
        with self._image.open("wb") as image:
            image.truncate(self._size_mib * 1024**2)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        self.power_on()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        subprocess.run(["umount", "-l", str(self.path)], check=False, capture_output=True)

    def power_on(self) -> None:
        """Mount; replays the file system's log."""
        _run("mount", "-o", "loop", str(self._image), str(self.path))

    def cut(self) -> None:
        """From now on nothing reaches the disk, and what had not been synced is lost."""
        import fcntl  # noqa: PLC0415  not on every system

        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _EXT4_IOC_SHUTDOWN, struct.pack("I", _WITHOUT_FLUSHING))
        finally:
            os.close(descriptor)

    def unmount(self) -> None:
        """After a cut, once nobody has a file open any more."""
        deadline_s = time.monotonic() + _UNMOUNT_S
        while True:
            try:
                _run("umount", str(self.path))
            except RigError:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.1)
            else:
                return


def _run(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as error:
        raise RigError(f"{words[0]} cannot be run: {error}") from None
    if done.returncode:
        raise RigError(f"{' '.join(words)}: {done.stderr.strip()}")
