"""Verifying an export that somebody brings: needs no engine, and never holds the window up."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from nvr_app.errors import UserError
from nvr_app.evidence.signing import given_key_id
from nvr_app.evidence.verifier import Verdict, verify_export
from ui.evidence.words import verdict_head, verdict_text
from ui.theme.tokens import SPACE_2, SPACE_3

_STEPS = 1_000


class _StoppedError(Exception):
    """The person wants no answer any more."""


class VerifyJob(QObject):
    """One verification in a thread of its own.

    Signals: progressed(share of 1000) · ended(Verdict) · refused(sentence).
    """

    progressed = Signal(int)
    ended = Signal(object)
    refused = Signal(str)

    def __init__(self, path: Path, password: str, key: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words = path, password, key
        self._stopping = threading.Event()
        self._last = -1
        self._thread = threading.Thread(target=self._run, name="verify", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Leave off; no signal comes any more. Waits for a moment at most."""
        self._stopping.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        path, password, key = self._words
        try:
            verdict = verify_export(
                path,
                password=password,
                expected_key_id=given_key_id(key) if key else "",
                on_progress=self._tell,
            )
        except _StoppedError:
            return
        except (UserError, OSError) as error:
            if not self._stopping.is_set():
                self.refused.emit(str(error))
            return
        if not self._stopping.is_set():
            self.ended.emit(verdict)

    def _tell(self, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise _StoppedError
        share = _STEPS * done // max(total, 1)
        if share != self._last:
            self._last = share
            self.progressed.emit(share)


class VerifyPage(QWidget):
    """A card: what to verify, and what came of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._job: VerifyJob | None = None
        self.path = QLineEdit()
        self.path.setPlaceholderText(self.tr("Folder, archive or file of an export"))
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText(self.tr("Only for archives"))
        self.key = QLineEdit()
        self.key.setPlaceholderText(self.tr("Fingerprint it must bear (optional)"))
        self.begin = QPushButton(self.tr("Verify"))
        self.begin.clicked.connect(self.verify)
        self.progress = QProgressBar()
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        self.progress.hide()
        self.head = QLabel()
        self.answer = QLabel()
        self.answer.setWordWrap(True)
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()

    def _lay_out(self) -> None:
        heading = QLabel(self.tr("Verify an export"))
        heading.setObjectName("heading")
        folder = QPushButton(self.tr("Folder…"))
        folder.clicked.connect(self._choose_folder)
        file = QPushButton(self.tr("File…"))
        file.clicked.connect(self._choose_file)
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        for widget in (self.path, folder, file):
            row.addWidget(widget)
        grid = QGridLayout()
        grid.setSpacing(SPACE_2)
        grid.addWidget(QLabel(self.tr("Export")), 0, 0)
        grid.addLayout(row, 0, 1)
        grid.addWidget(QLabel(self.tr("Password")), 1, 0)
        grid.addWidget(self.password, 1, 1)
        grid.addWidget(QLabel(self.tr("Key")), 2, 0)
        grid.addWidget(self.key, 2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_3, SPACE_3, SPACE_3, SPACE_3)
        column.setSpacing(SPACE_2)
        column.addWidget(heading)
        column.addLayout(grid)
        column.addWidget(self.begin, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.progress)
        column.addWidget(self.head)
        column.addWidget(self.answer)
        column.addStretch(1)

    @Slot()
    def verify(self) -> None:
        """Begin; a verification under way is left off."""
        self.stop()
        text = self.path.text().strip()
        if not text:
            self._say(self.tr("Choose the folder, archive or file to verify."))
            return
        self._say(self.tr("Reading…"))
        self.progress.setValue(0)
        self.progress.show()
        path = Path(text).expanduser()
        self._job = VerifyJob(path, self.password.text(), self.key.text().strip(), self)
        self._job.progressed.connect(self.progress.setValue)
        self._job.ended.connect(self._take)
        self._job.refused.connect(self._refuse)
        self._job.start()

    def stop(self) -> None:
        """Leave off what is under way; idempotent."""
        job, self._job = self._job, None
        if job is not None:
            job.stop()
            job.deleteLater()

    @Slot(object)
    def _take(self, verdict: Verdict) -> None:
        self._say(verdict_text(verdict), verdict_head(verdict), is_good=verdict.is_intact)

    @Slot(str)
    def _refuse(self, sentence: str) -> None:
        self._say(sentence)

    def _say(self, text: str, head: str = "", *, is_good: bool = False) -> None:
        self.progress.hide()
        self.answer.setText(text)
        self.head.setText(head)
        self.head.setProperty("verdict", "good" if is_good else "bad")
        self.head.style().polish(self.head)

    @Slot()
    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of an export"))
        if chosen:
            self.path.setText(chosen)

    @Slot()
    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Archive or file of an export"))
        if chosen:
            self.path.setText(chosen)
