"""Sizes, spans and states in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QTimeZone

from nvr_app.contract.evidence import ExportForecast, ExportView
from nvr_app.evidence.verifier import Verdict

_MIB = 1024**2
_FEW_GAPS = 3


def _tr(text: str) -> str:
    return QCoreApplication.translate("evidence", text)


def size_text(count: int) -> str:
    """Bytes for people."""
    return QLocale().formattedDataSize(count, 1)


def local_text(wall_us: int) -> str:
    """A moment in this desk's own time, to the second."""
    moment = QDateTime.fromMSecsSinceEpoch(wall_us // 1000, QTimeZone.systemTimeZone())
    return QLocale().toString(moment, "yyyy-MM-dd HH:mm:ss")


def forecast_text(forecast: ExportForecast) -> str:
    """What the export would do, before it does it."""
    lines = [_tr("About {} of footage.").format(size_text(forecast.size_bytes))]
    if forecast.free_bytes is not None:
        lines[0] += " " + _tr("{} are free there.").format(size_text(forecast.free_bytes))
    for camera in forecast.cameras:
        if camera.nearest:
            lines.append(camera.nearest)
            continue
        line = _tr("{}: {} s in {} files").format(
            camera.name, round(camera.recorded_s), camera.files
        )
        for gap in camera.gaps[:_FEW_GAPS]:
            line += _tr("; missing {} to {} ({})").format(
                local_text(gap.start_wall_us), local_text(gap.end_wall_us), gap.reason
            )
        if len(camera.gaps) > _FEW_GAPS:
            line += _tr(" and {} more").format(len(camera.gaps) - _FEW_GAPS)
        lines.append(line)
    if forecast.fault:
        lines.append(_tr("It would be refused: {}").format(forecast.fault))
    return "\n".join(lines)


def state_text(view: ExportView) -> str:
    """How far an export is."""
    if view.state == "running":
        share = 100 * view.done_bytes // max(view.total_bytes, 1)
        return _tr("{} %").format(min(share, 100))
    return {
        "asked": _tr("waiting"),
        "done": _tr("done"),
        "failed": _tr("failed"),
        "cancelled": _tr("cancelled"),
    }.get(view.state, view.state)


def verdict_head(verdict: Verdict) -> str:
    """The one thing that counts: shape and word, beside the colour."""
    return _tr("● The export is intact.") if verdict.is_intact else _tr("■ It is NOT intact.")


def verdict_text(verdict: Verdict) -> str:
    """What a verification found, in sentences."""
    lines = []
    if verdict.fault:
        lines.append(verdict.fault)
    bad = [finding for finding in verdict.findings if finding.state != "intact"]
    lines += [f"{finding.name}: {finding.state} ({finding.detail})" for finding in bad]
    good = len(verdict.findings) - len(bad)
    if good:
        lines.append(_tr("Files as they were handed out: {}.").format(good))
    lines.append(
        {
            "valid": _tr("The signature is valid; key {}. Compare it with the recorder's."),
            "invalid": _tr("The signature is not valid: the manifest was changed."),
            "missing": _tr("The signature is missing: nobody vouches for the manifest."),
        }[verdict.signature].format(verdict.key_id)
    )
    if verdict.is_expected_key is True:
        lines.append(_tr("It is the key that you named."))
    elif verdict.is_expected_key is False:
        lines.append(_tr("It is NOT the key that you named."))
    manifest = verdict.manifest
    if manifest is not None:
        names = ", ".join(camera.name or camera.camera_id for camera in manifest.cameras)
        lines.append(f"{manifest.site}: {names}, {manifest.asked.start} to {manifest.asked.end}")
        lines += [f"{d.camera_id}: {d.what}" for d in manifest.damages]
    return "\n".join(lines)
