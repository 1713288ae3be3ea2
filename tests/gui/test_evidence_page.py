"""The evidence page on a real engine: forecast, export, list, and verification without any."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt

from nvr_app.contract.status import CameraStatus
from ui.client.http import EngineHttp
from ui.evidence.evidence_page import EvidencePage
from ui.evidence.verify_page import VerifyPage


@pytest.fixture
def page(qtbot, theme, engine):
    http = EngineHttp()
    http.endpoint = engine.endpoint
    page = EvidencePage(http)
    qtbot.addWidget(page)
    http.setParent(page)  # what is still being asked goes with the page
    page.resize(1500, 880)
    page.set_cameras(msgspec.convert(list(engine.statuses().values()), list[CameraStatus]))
    yield page
    page.verify.stop()


def test_a_selection_is_forecast_exported_listed_and_verified(qtbot, page, engine, tmp_path):
    begun = time.time_ns() // 1000 - 4_000_000
    engine.until(lambda: engine.recording() == 2, "both cameras to record")
    page.show()
    qtbot.waitUntil(lambda: "Signed by the key" in page._key.text())
    page.panel.folder.setText(str(tmp_path / "stick"))
    page.panel.reason.setText("theft")
    page.panel.choose(["a"], begun, time.time_ns() // 1000)
    qtbot.waitUntil(lambda: "of footage" in page.panel.forecast.text())
    engine.until(lambda: engine.recorded_bytes("a") > 0, "something on the disk")
    qtbot.waitUntil(lambda: _asked_again(page))
    qtbot.mouseClick(page.panel.begin, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    qtbot.waitUntil(lambda: page.model.view(0).state == "done")
    place = page.model.view(0).place
    assert page.model.data(page.model.index(0, 5)) == place
    page.table.selectRow(0)
    assert not page.cancel.isEnabled()
    assert not page.resume.isEnabled()

    page.verify.path.setText(place)
    qtbot.mouseClick(page.verify.begin, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "is intact" in page.verify.head.text())
    if shots := os.environ.get("NVR_TEST_SHOTS"):
        page.grab().save(f"{shots}/evidence.png")
    file = next(Path(place).glob("*.mp4"))
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes(data)
    page.verify.verify()
    qtbot.waitUntil(lambda: "NOT intact" in page.verify.head.text())
    assert file.name in page.verify.answer.text()
    if shots:
        page.grab().save(f"{shots}/evidence-changed.png")


def _asked_again(page):
    """The index hears of a segment half a second later: look until there is something."""
    page.panel.look()
    return " s in " in page.panel.forecast.text()


def test_what_cannot_be_is_said_where_it_was_asked(qtbot, page):
    page.show()
    page.panel.choose([], 0, 1_000_000)
    page.panel.export()
    assert "at least one camera" in page.panel.forecast.text()
    page.panel.choose(["a"], 1_000_000, 2_000_000)
    page.panel.export()
    qtbot.waitUntil(lambda: "a has no footage from" in page.panel.forecast.text())
    assert page.panel.begin.isEnabled()


def test_verification_needs_no_engine_and_names_what_is_no_export(qtbot, tmp_path):
    page = VerifyPage()
    qtbot.addWidget(page)
    page.verify()
    assert "Choose" in page.answer.text()
    page.path.setText(str(tmp_path))
    page.verify()
    qtbot.waitUntil(lambda: "no manifest.json" in page.answer.text())
    page.key.setText("nonsense")
    page.verify()
    qtbot.waitUntil(lambda: "neither a fingerprint" in page.answer.text())
    page.stop()


def test_the_window_opens_the_page_with_the_range_that_was_looked_at(qtbot, open_window, engine):
    window = open_window(engine.folder.root, size=(1500, 880))
    qtbot.waitUntil(lambda: window.evidence_page.panel.cameras.count() == 2)
    window._export_range()
    assert window.pages.currentWidget() is window.evidence_page
    panel = window.evidence_page.panel
    qtbot.waitUntil(lambda: "of footage" in panel.forecast.text())
    assert panel.start.dateTime() < panel.end.dateTime()
    if shots := os.environ.get("NVR_TEST_SHOTS"):
        window.grab().save(f"{shots}/window.png")
