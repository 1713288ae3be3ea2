"""Pictures for eyes alone are decoded only while somebody looks."""

from __future__ import annotations

import av
import pytest

from engine.base.measures import Measures
from engine.ingest.preview import Preview
from engine.media.source import ContainerSource
from nvr_app.contract.config import CameraSettings
from nvr_app.contract.frame_ring import FrameRingReader


@pytest.fixture
def play(clip, manual_clock):
    """Plays the clip (a keyframe a second, 30 fps) once, at the manual clock's time."""

    def make(**changes):
        camera = CameraSettings(id="a", kind="file", main=str(clip), **changes)
        preview = Preview(camera, 5.0, "test", lambda fact: None, manual_clock, Measures())

        def run(look=lambda: None):
            source = ContainerSource(str(clip), av.open(str(clip)))
            preview.begin(source.info)
            for found in source.packets():
                manual_clock.advance(1 / 30)
                look()
                if preview.rests(manual_clock.mono, is_keyframe=found.is_keyframe):
                    continue
                preview.take(found.packet, found.pts_us, manual_clock.wall, manual_clock.mono)
            source.close()
            return preview.pictures

        return preview, run

    made = []

    def tracked(**changes):
        preview, run = make(**changes)
        made.append(preview)
        return preview, run

    yield tracked
    for preview in made:
        preview.close()


def test_motion_needs_every_picture(play):
    _, run = play(motion=True)
    assert run() == 120


def test_unseen_pictures_are_not_decoded(play, manual_clock):
    manual_clock.advance(60)
    preview, run = play(motion=False)
    assert run() == 1
    assert run() == 1
    for _ in range(3):
        run()
    assert preview.pictures == 2


def test_a_look_brings_pictures_from_the_next_keyframe_on(play, manual_clock):
    manual_clock.advance(60)
    preview, run = play(motion=False)
    run()
    reader = FrameRingReader(preview.ring)
    before = preview.pictures
    run(look=lambda: reader.note_look(manual_clock.mono))
    reader.close()
    assert preview.pictures - before == 120
    manual_clock.advance(6)
    run()
    assert preview.pictures - before <= 122
