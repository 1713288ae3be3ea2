"""Where everything of one engine lies: a single folder, chosen per user, per site or by hand."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from nvr_app.errors import UserError


@dataclass(frozen=True)
class DataFolder:
    """The layout below `root`; constructing it touches no disk."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def settings_file(self) -> Path:
        return self.config / "nvr.toml"

    @property
    def signing_keys(self) -> Path:
        """Public keys that this engine has signed with, one PEM a key."""
        return self.config / "signing-keys"

    @property
    def recordings(self) -> Path:
        return self.root / "recordings"

    @property
    def clips(self) -> Path:
        return self.root / "clips"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def database(self) -> Path:
        return self.root / "events.duckdb"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def people(self) -> Path:
        return self.root / "people"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    def create(self) -> None:
        """Make the folders, for this user alone. UserError when that is impossible."""
        folders = (
            self.root, self.config, self.recordings, self.clips, self.exports, self.journal,
            self.models, self.people, self.spool, self.logs, self.run,
        )  # fmt: skip
        try:
            for folder in folders:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"the data folder {self.root} cannot be made or used "
                f"({error.strerror or error}); choose another with --data-dir"
            ) from None
        if not os.access(self.root, os.W_OK):
            raise UserError(
                f"the data folder {self.root} is not writable; choose another with --data-dir"
            )


def data_folder(path: Path | None) -> DataFolder:
    """The folder that was named, or the user's."""
    return DataFolder((path or default_data_dir()).expanduser().absolute())


def default_data_dir() -> Path:
    """NVR_DATA_DIR, or where this system keeps a user's program data."""
    named = os.environ.get("NVR_DATA_DIR")
    return Path(named) if named else _user_data("nvr")


def demo_data_dir() -> Path:
    """The demo's own folder: it never touches a real one."""
    return _user_data("nvr-demo")


def _user_data(name: str) -> Path:
    from platformdirs import user_data_path  # noqa: PLC0415  `nvr --help` needs none of it

    return user_data_path(name, appauthor=False)
