"""Which detector to use: those of the catalogue first, then what can be recognised by its shape."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

import msgspec

from engine.vision.detectors.family import Family
from engine.vision.detectors.onnx_detector import (
    DetectorOptions,
    OnnxDetector,
    families,
    recognise,
)
from engine.vision.errors import ModelError
from engine.vision.runtime import ModelFile, read_model_file

_MOST_STRANGERS = 20
"""Files outside the catalogue that are looked into, at most."""


class CatalogueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is known to work, and where it comes from."""

    name: str
    family: str
    file: str
    size_bytes: int
    sha256: str
    licence: str
    repository: str
    commit: str
    path: str
    input_size: int
    classes: str
    note: str


class _Catalogue(msgspec.Struct, frozen=True):
    model: tuple[CatalogueEntry, ...]


class ChosenModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model file that was read and whose family is known."""

    name: str
    """The catalogue's name, or the file's without its ending."""
    model: ModelFile
    family: Family
    sha256: str
    detail: str
    """Sentence for people: which file, and whether it is the one in the catalogue."""


def read_catalogue() -> tuple[CatalogueEntry, ...]:
    """The catalogue that comes with the program, best first."""
    text = resources.files("resources").joinpath("models/catalogue.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), type=_Catalogue).model


def choose_model(folders: Sequence[Path], wanted: str = "") -> ChosenModel:
    """The model to use from these folders, the first folder that has it counts.

    `wanted` is a name of the catalogue or of a file without its ending; empty takes the best one
    of the catalogue that is there, else the first other file that can be recognised.
    ModelError: there is none, or none that is sound; its sentence says what to put where.
    """
    catalogue = read_catalogue()
    faults: list[str] = []
    for path, entry in _candidates(folders, catalogue, wanted):
        try:
            return _open(path, entry)
        except ModelError as error:
            faults.append(str(error))
    if faults:
        raise ModelError("; ".join(faults))
    raise ModelError(_missing(folders, catalogue, wanted))


def load_detector(chosen: ChosenModel, options: DetectorOptions) -> OnnxDetector:
    """A detector that has run once. ModelError: the runtime refuses the model."""
    return OnnxDetector(chosen.model, chosen.family, options)


def _candidates(
    folders: Sequence[Path], catalogue: Sequence[CatalogueEntry], wanted: str
) -> Iterator[tuple[Path, CatalogueEntry | None]]:
    for entry in catalogue:
        if wanted in {"", entry.name}:
            for folder in folders:
                path = folder / entry.file
                if path.is_file():
                    yield path, entry
    known = {entry.file for entry in catalogue}
    strangers = 0
    for path in (path for folder in folders for path in sorted(folder.glob("*.onnx"))):
        if path.name not in known and wanted in {"", path.stem} and strangers < _MOST_STRANGERS:
            strangers += 1
            yield path, None


def _open(path: Path, entry: CatalogueEntry | None) -> ChosenModel:
    model = read_model_file(path)
    sha256 = hashlib.sha256(model.data).hexdigest()
    if entry is not None and sha256 == entry.sha256:
        family = next(family for family in families() if family.name == entry.family)
        detail = f"{path} is {entry.name} of the catalogue ({entry.licence}), its checksum is right"
        return ChosenModel(
            name=entry.name, model=model, family=family, sha256=sha256, detail=detail
        )
    found = recognise(model.signature)
    if found is None:
        raise ModelError(
            f"model {path.name} is no detector that is known here: its outputs are "
            f"{[value.shape for value in model.signature.outputs]}; "
            f"usable are {', '.join(family.name for family in families())} with 80 classes"
        )
    detail = f"{path} is not the file of the catalogue; used as {found.name} because of its shapes"
    return ChosenModel(name=path.stem, model=model, family=found, sha256=sha256, detail=detail)


def _missing(folders: Sequence[Path], catalogue: Sequence[CatalogueEntry], wanted: str) -> str:
    entry = next((entry for entry in catalogue if entry.name == wanted), None)
    if wanted and entry is None:
        names = ", ".join(entry.name for entry in catalogue)
        what = f"no detector named {wanted!r}; known are {names}"
    else:
        best = entry or catalogue[0]
        what = (
            f"no detector is installed: take {best.path} from {best.repository} at {best.commit} "
            f"and save it as {best.file}"
        )
    where = " or ".join(str(folder) for folder in folders) or "a folder given by --models-dir"
    return f"{what}; models are looked for in {where}. Recording goes on without it"
