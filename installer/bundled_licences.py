"""Writes docs/bundled.md: every package that a bundle of the program would contain.

Run as `python installer/bundled_licences.py docs/bundled.md` in an environment with `nvr[gui]`
installed; versions and licences come from the installed packages' own metadata.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.metadata import (
    Distribution,
    PackageMetadata,
    PackageNotFoundError,
    distribution,
)
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT = "nvr[gui]"
# Metadata of some packages names the licence in words of its own.
_PLAIN = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_LONGEST_LICENCE = 60
"""A longer License field is the licence's text, whose first line is its name."""

_HEAD = """\
# What a package would contain

No package is made yet. This is what one would hold beside our own code: everything that
`nvr[gui]` needs, with the licences that the packages name in their metadata.
Made by `installer/bundled_licences.py` on {system}; versions are those it found there.

Python itself would be in it too (PSF-2.0).

| package | version | licence |
|---|---|---|
"""

_TAIL = """
On Windows `onnxruntime-directml` (MIT) takes the place of `onnxruntime`, and the packages of the
Linux keyring are not needed.

## Libraries inside wheels

Some wheels carry compiled libraries with licences of their own; the wheels' metadata names only
part of them.

| wheel | carries | licence |
|---|---|---|
| av | x264, x265 | GPL-2.0-or-later |
| av | FFmpeg, linked with them | LGPL-3.0-or-later by itself; with them GPL-3.0-or-later |
| av | LAME, GnuTLS, Nettle, GMP, libunistring | LGPL, some parts LGPL or GPL |
| av | dav1d, SVT-AV1, libvpx, Opus, WebP, oneVPL | BSD or MIT kinds |
| av | OpenCORE AMR | Apache-2.0 |
| opencv-python-headless | FFmpeg | LGPL-2.1-or-later |
| opencv-python-headless | OpenSSL 1.1.1 | OpenSSL licence, see below |
| opencv-python-headless, numpy | OpenBLAS | BSD-3-Clause |
| opencv-python-headless, numpy | libgfortran, libquadmath | GPL-3.0 with GCC's exception, LGPL |
| PySide6 | Qt 6 | LGPL-3.0, some modules GPL-3.0 |
| cryptography | OpenSSL 3 | Apache-2.0 |

Because of FFmpeg with x264 and x265, a package as a whole is under GPL-3.0-or-later, which is the
licence of this program, and the source of all of it must be offered.

To be settled before a package is given away: the old OpenSSL licence does not go together with
the GPL. OpenCV's own FFmpeg, which brings that OpenSSL, is not used here (pictures are read by
PyAV), but the wheel is linked against it, so it takes another build of OpenCV to leave it out.
"""


@dataclass(frozen=True, order=True)
class Bundled:
    """One package as it is installed."""

    name: str
    version: str
    licence: str


def bundled(root: str = _ROOT) -> tuple[Bundled, ...]:
    """Everything that `root` needs on this system, by name; PackageNotFoundError: not installed."""
    found: dict[str, Bundled] = {}
    waiting = [Requirement(root)]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in found:
            continue
        package = distribution(name)
        found[name] = Bundled(name, package.version, licence_of(package.metadata))
        waiting += _needed(package, wanted.extras)
    found.pop(canonicalize_name(Requirement(root).name), None)
    return tuple(sorted(found.values()))


def licence_of(metadata: PackageMetadata) -> str:
    """The licence as metadata tells it: expression, classifiers, or the field's first line."""
    if "License-Expression" in metadata:
        return str(metadata["License-Expression"])
    classifiers = [
        value.rpartition(" :: ")[2]
        for value in metadata.get_all("Classifier") or ()
        if value.startswith("License :: ") and value.count(" :: ") > 1
    ]
    if classifiers:
        return " OR ".join(_PLAIN.get(name, name) for name in classifiers)
    lines = "\n".join(metadata.get_all("License") or ()).strip().splitlines()
    first = lines[0].strip() if lines else ""
    return _PLAIN.get(first, first)[:_LONGEST_LICENCE] or "not named"


def _needed(package: Distribution, extras: set[str]) -> list[Requirement]:
    wanted = []
    for line in package.requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            wanted.append(requirement)
    return wanted


def document(packages: tuple[Bundled, ...]) -> str:
    """The whole of docs/bundled.md."""
    rows = "".join(f"| {p.name} | {p.version} | {p.licence} |\n" for p in packages)
    system = f"{sys.platform} with Python {sys.version_info.major}.{sys.version_info.minor}"
    return _HEAD.format(system=system) + rows + _TAIL


def main(argv: list[str]) -> int:
    """Write the document to the path given."""
    if len(argv) != 1:
        sys.stderr.write("usage: bundled_licences.py FILE\n")
        return 2
    try:
        packages = bundled()
    except PackageNotFoundError as error:
        sys.stderr.write(f"{error.name} is not installed here: pip install '.[gui]' first\n")
        return 1
    Path(argv[0]).write_text(document(packages), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
