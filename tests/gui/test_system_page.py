"""The engine from within, as a real one tells it."""

from __future__ import annotations

import pytest


@pytest.fixture
def page(window, qtbot):
    window.show_page(2)
    page = window.system_page
    qtbot.waitUntil(lambda: page.processes.rowCount() >= 3)
    return page


def rows(page):
    table = page.processes
    return [
        [table.item(row, column).text() for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_every_process_of_the_engine_has_a_row(page, engine):
    table = {row[0]: row[1:] for row in rows(page)}
    assert set(table) == set(engine.children())
    assert {"hub", "camera-a", "camera-b"} <= set(table)
    state, _, restarts, memory = table["hub"]
    assert (state, restarts) == ("running", "0")
    assert memory.endswith(" MiB")
    assert int(memory.split()[0]) > 10


def test_engine_storage_and_detector_are_told(page):
    told = {key: label.text() for key, label in page._values.items()}
    assert told["site"] == "works / box1"
    assert told["recording"] == "2 of 2 cameras"
    assert told["cpu"].endswith(" % of one core")
    assert told["model"] == "disabled"
    assert told["detail"] == "object detection is switched off"


def test_storage_is_told_in_words_and_as_bars(page, qtbot):
    qtbot.waitUntil(lambda: page.storage.root_texts() != [])
    (root,) = page.storage.root_texts()
    assert root.startswith("main (hot) · ")
    assert " of footage · " in root
    assert " free of " in root
    qtbot.waitUntil(lambda: " held; " in page.storage.sentence.text(), timeout=30_000)


def test_retention_is_told_in_words(page, qtbot):
    qtbot.waitUntil(lambda: "is kept 90 days" in page.retention.sentence.text())
    assert "Next clean-up 2" in page.retention.sentence.text()
    assert "Nothing has gone yet." in page.retention.sentence.text()
    assert not page.retention.warning.isVisible()


def test_it_asks_only_while_it_is_seen(window, page, qtbot):
    assert page._timer.isActive()
    window.show_page(0)
    assert not page._timer.isActive()


def test_out_of_reach_it_says_so_and_claims_nothing_old(window, page):
    window._client.http.endpoint = None
    page.refresh()
    assert page._faults.text() == "The engine is not reachable."
    assert page.processes.rowCount() == 0
    assert {label.text() for label in page._values.values()} == {"-"}
    assert page.storage.root_texts() == []
    assert page.storage.sentence.text() == "-"
    assert page.retention.sentence.text() == "-"


def test_tables_and_figures_have_names_for_those_who_do_not_see_them(page):
    assert page.processes.accessibleName() == "Processes"
    assert all(label.accessibleName() for label in page._values.values())
