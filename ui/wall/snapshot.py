"""Snapshots: the picture shown, as decoded, as a PNG that overwrites nothing."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QStandardPaths
from PySide6.QtGui import QImage

from ui.live.ring_feed import Shot
from ui.wall.words import file_time_text

_FOLDER_NAME = "NVR"
_FAST_PNG = 80
"""Qt's quality of a PNG sets compression alone: light, since the GUI thread waits for it."""


def pictures_folder() -> Path:
    """NVR in the user's folder of pictures."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(place) / _FOLDER_NAME


def write_snapshot(folder: Path, camera_id: str, name: str, shot: Shot) -> Path:
    """Write the picture under a name of its own and return the path; OSError: not written."""
    safe_id = re.sub(r"[^\w.-]", "-", camera_id)
    stem = f"{safe_id}_{file_time_text(shot.wall_us)}"
    folder.mkdir(parents=True, exist_ok=True)
    data = _png(shot.bitmap.image, name)
    path, copy = folder / f"{stem}.png", 1
    while True:
        try:
            file = path.open("xb")
        except FileExistsError:
            copy += 1
            path = folder / f"{stem}-{copy}.png"
            continue
        try:
            with file:
                file.write(data)
        except OSError:
            path.unlink(missing_ok=True)  # half a picture is no snapshot
            raise
        return path


def _png(image: QImage, name: str) -> bytes:
    image = image.copy()
    image.setText("Camera", name)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG", _FAST_PNG):  # type: ignore[call-overload]
        raise OSError("the picture could not be written as PNG")
    return bytes(buffer.data().data())
