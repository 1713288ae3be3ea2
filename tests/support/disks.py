"""Real file systems with real troubles; tests skip where the machine does not lend them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path

import pytest


def _run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False)


class Disk:
    """A file system of its own at `path`."""

    def __init__(self, path: Path, source: str, *options: str) -> None:
        self.path = path
        self._source = source
        self._options = options
        path.mkdir(parents=True, exist_ok=True)

    def mount(self):
        """Once the last mount of its image is really gone: two at once would not know of each
        other's writes.
        """
        for _ in range(600):
            if not _run("losetup", "-j", self._source).stdout:
                break
            time.sleep(0.1)
        done = _run("mount", *self._options, self._source, str(self.path))
        if done.returncode:
            pytest.skip(f"this machine lends no mounts: {done.stderr.strip()}")

    def detach(self):
        """As when a network folder goes: open files live on, the path shows what lies below."""
        assert _run("umount", "-l", str(self.path)).returncode == 0

    def freeze(self):
        """Every write waits, as on a server that does not answer."""
        assert _run("fsfreeze", "-f", str(self.path)).returncode == 0

    def thaw(self):
        _run("fsfreeze", "-u", str(self.path))

    def make_read_only(self):
        """What the kernel does after an error: open files can no longer be written either."""
        device = _run("findmnt", "-no", "SOURCE", str(self.path)).stdout.strip()
        trigger = Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"
        trigger.write_text("1")

    def close(self):
        self.thaw()
        while os.path.ismount(self.path):
            if _run("umount", "-l", str(self.path)).returncode:
                break


def memory_disk(path: Path, size_mib: int) -> Disk:
    """Mounted; gone with all it holds when it is unmounted."""
    disk = Disk(path, "tmpfs", "-t", "tmpfs", "-o", f"size={size_mib}m")
    disk.mount()
    return disk


def image_disk(path: Path, image: Path, size_mib: int = 96) -> Disk:
    """A real ext4 in a file, mounted; what it holds survives an unmount."""
    with contextlib.suppress(FileExistsError), image.open("xb") as file:
        file.truncate(size_mib * 1024**2)
    made = _run("mkfs.ext4", "-q", "-F", str(image))
    if made.returncode:
        pytest.skip(f"this machine makes no ext4: {made.stderr.strip()}")
    disk = Disk(path, str(image), "-o", "loop,errors=remount-ro")
    disk.mount()
    return disk


needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting file systems needs root"
)
