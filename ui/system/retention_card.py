"""Retention on the system page: how long footage is kept, what went last, what goes next."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from nvr_app.contract.retention_api import LastRun, RetentionOverview
from nvr_app.contract.timebase import US_PER_S
from ui.shell.words import bytes_text
from ui.theme.tokens import DARK, SPACE_2

_RAW_VIDEO = "raw_video"


class RetentionCard(QWidget):
    """Shows a `RetentionOverview`; asks nothing itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = self._label(self.tr("What is kept and what goes next"))
        self.warning = self._label(self.tr("Retention warning"))
        self.warning.setStyleSheet(f"color: {DARK.warn};")
        self.warning.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_2)
        column.addWidget(self.sentence)
        column.addWidget(self.warning)

    def take(self, view: RetentionOverview) -> None:
        """Show this."""
        self.sentence.setText("\n".join(_sentences(view)))
        warnings = [*view.faults]
        if view.garbage:
            warnings.append(
                self.tr("{} files are to be deleted and still there.").format(view.garbage)
            )
        self.warning.setText("\n".join(warnings))
        self.warning.setVisible(bool(warnings))

    def clear(self) -> None:
        """Nothing is known."""
        self.sentence.setText("-")
        self.warning.hide()

    def _label(self, name: str) -> QLabel:
        label = QLabel("-")
        label.setAccessibleName(name)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label


def _sentences(view: RetentionOverview) -> list[str]:
    raw = next((one for one in view.policies if one.category == _RAW_VIDEO), None)
    if raw is None:
        return ["-"]
    lines = [_kept(view)]
    if not raw.policy.enabled:
        lines = [_tr("Footage is kept until a disk is full: its policy is switched off.")]
    if view.running:
        lines.append(_tr("Cleaning up now."))
    elif raw.next_run is not None:
        lines.append(_tr("Next clean-up {}.").format(_local(datetime.fromisoformat(raw.next_run))))
    went = next((run for run in view.recent if run.category == _RAW_VIDEO), None)
    lines.append(_tr("Nothing has gone yet.") if went is None else _went(went))
    return lines


def _kept(view: RetentionOverview) -> str:
    periods = sorted({-1.0 if c.retention_days is None else c.retention_days for c in view.cameras})
    words = [_tr("for good") if days < 0 else _tr("{:g} days").format(days) for days in periods]
    return (
        _tr("Footage is kept {}, by camera.").format(", ".join(words))
        if len(words) > 1
        else (_tr("Footage is kept {}.").format(words[0]) if words else _tr("No camera is set up."))
    )


def _went(run: LastRun) -> str:
    when = _local(datetime.fromtimestamp(run.wall_us / US_PER_S).astimezone())
    text = _tr("Last went {}: {} files, {}").format(when, run.items, bytes_text(run.size_bytes))
    if run.is_emergency:
        text += _tr(", because a disk was nearly full")
    if run.failures:
        text += _tr("; {} could not be deleted").format(run.failures)
    return f"{text}."


def _local(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _tr(text: str) -> str:
    return QCoreApplication.translate("RetentionCard", text)
