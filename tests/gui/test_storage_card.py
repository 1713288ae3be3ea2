"""Storage in words for people, from the figures of the API."""

from __future__ import annotations

import pytest

from nvr_app.contract.api import RootUsage
from nvr_app.contract.storage import BucketView, CameraForecast, RootForecastView, StorageView
from ui.system.storage_card import StorageCard

GB = 1000**3


def root(name, role="hot", *, used=300, total=1000, free=400, days=4.0, **changes):
    return RootForecastView(
        usage=RootUsage(
            name=name, role=role, total_bytes=total * GB, free_bytes=free * GB,
            used_bytes=used * GB, **changes,
        ),
        bytes_per_day=20.0 * GB, days_until_full=days,
    )  # fmt: skip


def view(**changes):
    values = {
        "sentence": "23 days held; full in 4 days; the disks hold 27 days; policy wants 90",
        "warning": "the disks hold 27 days at the present rate, the policies promise 90: add 1 TB",
        "roots": (root("fast"), root("big", "warm", free=30, days=None, fault="big is slow")),
        "buckets": (BucketView(name="vault", bucket="footage", storage_class="GLACIER_IR"),),
        "cameras": (
            CameraForecast(
                camera_id="gate", bytes_per_day=50e9, held_days=23.0, promised_days=90.0
            ),
            CameraForecast(camera_id="yard", bytes_per_day=0, held_days=0.5, promised_days=None),
        ),
        "bytes_per_day": 50e9, "days_held": 23.0, "days_until_full": 4.0, "holdable_days": 27.0,
        "promised_days": 90.0, "is_promise_kept": False,
    }  # fmt: skip
    return StorageView(**values | changes)


@pytest.fixture
def card(qtbot):
    made = StorageCard()
    qtbot.addWidget(made)
    made.resize(480, 320)
    made.show()
    return made


def test_what_is_held_what_fits_and_what_is_promised(card):
    card.take(view())
    assert card.sentence.text().startswith("23 days held; full in 4 days")
    assert card.warning.isVisible()
    assert card.root_texts() == [
        "fast (hot) · 300 GB of footage · 400 GB free of 1.0 TB · full in 4 days",
        "big (warm) · 300 GB of footage · 30 GB free of 1.0 TB\nbig is slow",
    ]
    assert card.cameras.text().splitlines() == [
        "gate: 50 GB a day · 23 days held · 90 days promised",
        "yard: too little yet to tell · 12 h held",
        "vault: bucket footage, GLACIER_IR",
    ]


def test_a_kept_promise_warns_of_nothing_and_roots_come_and_go(card, qtbot):
    card.take(view())
    card.take(view(warning="", roots=(root("big", "warm"),), buckets=()))
    assert not card.warning.isVisible()
    assert len(card.root_texts()) == 1
    card.clear()
    assert card.root_texts() == []
    assert not card.cameras.isVisible()


def test_a_bar_shows_footage_and_all_that_is_in_use(card):
    card.take(view(roots=(root("fast", used=300, free=400),)))
    bar = card._roots["fast"].bar
    image = bar.grab().toImage()
    ratio, middle = image.width() / bar.width(), image.height() // 2
    colours = [
        image.pixelColor(round(bar.width() * share * ratio), middle).name()
        for share in (0.1, 0.45, 0.8)
    ]
    assert len(set(colours)) == 3
    assert bar.accessibleName() == "fast: 60 % in use"
