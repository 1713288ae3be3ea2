"""A wall clock that can be set under running processes, and a monotonic one that goes on."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from benchmarks.rig.server import RigError

_SOURCE = Path(__file__).with_name("set_clock.c")


class WallClock:
    """The clock of all processes that are started with `environment`; needs a C compiler."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        library = folder / "set_clock.so"
        command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise RigError(f"the clock's library needs a C compiler (cc): {error}") from None
        if done.returncode:
            raise RigError(f"the clock's library cannot be built: {done.stderr.strip()}")
        self.offset_s = 0.0
        self._file.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "NVR_BENCH_CLOCK": str(self._file)}

    def step(self, seconds: float) -> None:
        """Set the clock forwards, or back."""
        self.offset_s += seconds
        with self._file.open("r+b", buffering=0) as file:
            file.write(struct.pack("<q", round(self.offset_s * 1e9)))
