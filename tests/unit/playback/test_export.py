"""Exports of real segments: nothing asked for is missing, nothing is faked, all is provable."""

import errno
import hashlib
import json

import av
import pytest

from engine.base.errors import EngineError
from engine.playback.export import ExportEmptyError, ExportTools, run_export
from engine.playback.export_target import TargetError
from nvr_app.contract.audit_facts import ExportOptions
from nvr_app.contract.exporting import ExportGap, ExportOrder
from nvr_app.evidence.bundle import BundleError
from nvr_app.evidence.signing import Signer, given_key_id
from nvr_app.evidence.verifier import verify_export
from tests.support.footage import T0, Footage, S, segment_bytes, write_sounding_clip

SIGNER = Signer(bytes(range(32)))


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return [
        write_sounding_clip(folder / "a.mp4"),
        write_sounding_clip(folder / "b.mp4", size=(192, 112), seed=1),
    ]


@pytest.fixture
def footage(tmp_path, clips):
    return Footage(tmp_path / "recordings", clips[0])


@pytest.fixture
def export(tmp_path, footage, manual_clock):
    """Run an export of everything that was added; `stop_after` bytes somebody cancels."""

    def go(start=T0, end=T0 + 60 * S, *, password="", stop_after=None, gaps=(), **drawn):
        done = []

        def on_progress(count, total, doing):
            done.append(count)
            if stop_after is not None and count >= stop_after:
                raise StopAskedError("somebody cancelled")

        order = ExportOrder(
            export_id="0123456789abcdef", start_wall_us=start, end_wall_us=end,
            folder=str(tmp_path / "out"), actor="desk", site="works", node="box1",
            options=ExportOptions(reason="theft", is_encrypted=bool(password), **drawn),
            software="nvr 1", journal_seq=77, journal_head="ab" * 32,
            cameras=(footage.camera(gaps=tuple(gaps)),),
        )  # fmt: skip
        tools = ExportTools(
            open_segment=footage.opener().open, signer=SIGNER, clock=manual_clock,
            look_up=lambda: None, on_progress=on_progress,
        )  # fmt: skip
        result = run_export(order, password, tools)
        assert done == sorted(done)
        return result

    return go


class StopAskedError(EngineError):
    pass


def manifest(result):
    return json.loads((result.place / "manifest.json").read_bytes())


def packets(path, kind):
    with av.open(str(path)) as container:
        stream = container.streams.get({kind: 0})[0]
        return [(float(p.pts * p.time_base), bytes(p)) for p in container.demux(stream) if p.size]


def media(result):
    return sorted(result.place.glob("*.mp4"))


def test_segments_of_a_run_become_one_file_of_the_same_pictures_and_sound(export, footage):
    places = [footage.add(number) for number in range(3)]
    result = export()
    (file,) = media(result)
    for kind in ("video", "audio"):
        before, after = packets(places[0], kind), packets(file, kind)
        assert [data for _, data in after] == [data for _, data in before] * 3
    times = [at for at, _ in packets(file, "video")]
    assert times == pytest.approx([n / 15 for n in range(180)], abs=1e-3)
    with av.open(str(file)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 180
    (listed,) = [f for f in manifest(result)["files"] if f["camera_id"]]
    assert listed["held"]["start_wall_us"] == T0
    assert listed["held"]["end_wall_us"] == pytest.approx(T0 + 12 * S, abs=2000)
    assert [source["check"] for source in listed["sources"]] == ["same"] * 3
    assert listed["has_audio"]
    assert verify_export(result.place).is_intact


def test_a_range_begins_with_the_keyframe_before_it_and_the_manifest_says_so(export, footage):
    for number in range(3):
        footage.add(number)
    result = export(T0 + 5 * S + 700_000, T0 + 9 * S + 200_000)
    (file,) = media(result)
    said = manifest(result)
    assert said["asked"]["start"] == "2026-01-31T08:00:05.700Z"
    held = said["cameras"][0]["held"]
    assert held["start_wall_us"] == pytest.approx(T0 + 5 * S, abs=2000)
    assert held["end_wall_us"] == pytest.approx(T0 + 9 * S + 200_000, abs=70_000)
    video = packets(file, "video")
    assert len(video) == pytest.approx(4.2 * 15, abs=1)
    sound = packets(file, "audio")
    assert sound[0][0] < 0.07
    assert sound[-1][0] == pytest.approx(4.2, abs=0.1)
    with av.open(str(file)) as container:
        assert next(container.decode(video=0)).key_frame


def test_a_new_file_begins_where_footage_does_not_go_on(export, footage, clips):
    footage.add(0)
    footage.add(2)  # a hole of four seconds in the same run
    footage.add(0, run="0b0b0b0b", start=T0 + 12 * S, data=segment_bytes(clips[1]))
    gap = ExportGap(start_wall_us=T0 + 4 * S, end_wall_us=T0 + 8 * S, reason="camera_lost")
    result = export(T0, T0 + 16 * S, gaps=[gap])
    assert len(media(result)) == 3
    (camera,) = manifest(result)["cameras"]
    assert [(g["start"], g["reason"]) for g in camera["gaps"]] == [
        ("2026-01-31T08:00:04.000Z", "camera_lost")
    ]
    sizes = [(f["width"], f["height"]) for f in manifest(result)["files"] if f["camera_id"]]
    assert sizes == [(160, 96), (160, 96), (192, 112)]


def test_pictures_of_another_size_within_a_run_begin_a_new_file(export, footage, clips):
    footage.add(0)
    footage.add(1, data=segment_bytes(clips[1]))
    result = export()
    assert len(media(result)) == 2
    assert verify_export(result.place).is_intact


def test_an_open_segment_is_exported_as_far_as_it_is_written(export, footage, clips):
    footage.add(0)
    footage.add(1, data=segment_bytes(clips[0], up_to=90), is_open=True)
    result = export()
    (listed,) = [f for f in manifest(result)["files"] if f["camera_id"]]
    assert [source["check"] for source in listed["sources"]] == ["same", "open"]
    assert 60 < len(packets(media(result)[0], "video")) < 120


def test_a_damaged_segment_is_named_and_the_rest_exported(export, footage):
    footage.add(0)
    broken = footage.add(1)
    footage.add(2)
    data = bytearray(broken.read_bytes())
    second = [n for n in range(len(data)) if data[n : n + 4] == b"moof"][3]
    data[second : second + 60] = bytes(60)
    broken.write_bytes(data)
    result = export()
    (damage,) = {d["segment_id"] for d in manifest(result)["damages"]}
    assert damage == "0a0a0a0a-1"
    words = " ".join(d["what"] for d in manifest(result)["damages"])
    assert "are no media" in words
    assert "08:00:05" in words
    assert "not what the journal says" in words
    assert "damaged" in result.sentence
    (file,) = media(result)
    with av.open(str(file)) as container:
        assert 140 < sum(1 for _ in container.decode(video=0)) < 180
    assert verify_export(result.place).is_intact


def test_a_segment_that_is_gone_is_a_gap_called_damaged(export, footage):
    footage.add(0)
    footage.add(1).unlink()
    footage.add(2)
    result = export(T0, T0 + 12 * S)
    (camera,) = manifest(result)["cameras"]
    assert [gap["reason"] for gap in camera["gaps"]] == ["damaged"]
    assert len(media(result)) == 2


def test_a_changed_byte_is_named_with_its_block(export, footage):
    for number in range(3):
        footage.add(number)
    result = export()
    (file,) = media(result)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    (result.place / "note.txt").write_text("hello")
    (result.place / "SHA256SUMS").unlink()
    verdict = verify_export(result.place)
    assert not verdict.is_intact
    assert verdict.signature == "valid"
    states = {finding.name: finding for finding in verdict.findings}
    changed = states[file.name]
    assert changed.state == "changed"
    assert changed.offset <= len(data) // 2 < changed.offset + (1 << 20)
    assert states["note.txt"].state == "added"
    assert states["SHA256SUMS"].state == "missing"
    alone = verify_export(file)
    assert [finding.name for finding in alone.findings] == [file.name]
    assert not alone.is_intact


def test_a_changed_manifest_and_a_foreign_key_are_seen(export, footage):
    footage.add(0)
    result = export()
    assert verify_export(result.place, expected_key_id=SIGNER.key_id).is_intact
    pem = result.place / "public-key.pem"
    assert given_key_id(str(pem)) == SIGNER.key_id
    foreign = verify_export(result.place, expected_key_id=Signer(bytes(32)).key_id)
    assert foreign.signature == "valid"
    assert foreign.is_expected_key is False
    assert not foreign.is_intact
    file = result.place / "manifest.json"
    file.write_bytes(file.read_bytes().replace(b"theft", b"thief"))
    assert verify_export(result.place).signature == "invalid"


def test_a_password_makes_one_archive_that_opens_with_it_alone(export, footage, tmp_path):
    footage.add(0)
    result = export(password="corréct horse")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [result.place.name]
    assert result.place.suffix == ".zip"
    assert b"Front door" not in result.place.read_bytes()
    assert verify_export(result.place, password="corréct horse").is_intact
    with pytest.raises(BundleError, match="password does not open"):
        verify_export(result.place, password="wrong")
    with pytest.raises(BundleError, match="give its password"):
        verify_export(result.place)
    data = bytearray(result.place.read_bytes())
    data[len(data) // 2] ^= 1
    result.place.write_bytes(data)
    verdict = verify_export(result.place, password="corréct horse")
    assert not verdict.is_intact
    assert [finding.state for finding in verdict.findings].count("changed") == 1
    result.place.write_bytes(data[: len(data) // 2])
    assert "damaged" in verify_export(result.place, password="corréct horse").fault


def test_a_resume_keeps_what_is_finished_and_makes_the_rest(export, footage):
    for number in (0, 2, 4):
        footage.add(number)
    size = footage.segments[0].size_bytes
    with pytest.raises(StopAskedError):
        export(stop_after=int(size * 1.5))
    (folder,) = footage.root.parent.glob("out/nvr-export-*")
    assert [path.suffix for path in sorted(folder.iterdir())] == [".json", ".mp4"]
    first = next(folder.glob("*.mp4"))
    made = first.stat().st_mtime_ns
    result = export()
    assert len(media(result)) == 3
    assert first.stat().st_mtime_ns == made
    assert not (folder / ".nvr-export.json").exists()
    assert verify_export(folder).is_intact


def test_a_resume_makes_anew_what_somebody_changed_meanwhile(export, footage):
    for number in (0, 2):
        footage.add(number)
    with pytest.raises(StopAskedError):
        export(stop_after=int(footage.segments[0].size_bytes * 1.5))
    first = next(footage.root.parent.glob("out/nvr-export-*/*.mp4"))
    first.write_bytes(b"something else")
    result = export()
    assert verify_export(result.place).is_intact


def test_a_full_disk_leaves_no_partial_file_and_says_what_to_do(export, footage, monkeypatch):
    for number in (0, 2):
        footage.add(number)
    import engine.playback.export_target as module

    real, written = module.os.write, []

    def write(descriptor, data):
        written.append(len(data))
        if sum(written) > footage.segments[0].size_bytes * 1.2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(module.os, "write", write)
    with pytest.raises(TargetError, match="the disk is full: free some space, then resume"):
        export()
    (folder,) = footage.root.parent.glob("out/nvr-export-*")
    assert not list(folder.glob("*.part"))
    assert len(list(folder.glob("*.mp4"))) == 1
    monkeypatch.undo()
    assert verify_export(export().place).is_intact


def test_what_does_not_fit_is_refused_before_a_byte_is_written(export, footage, monkeypatch):
    import engine.playback.export_target as module

    footage.add(0)
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(TargetError, match=r"needs about \d+ MiB"):
        export()
    assert not (footage.root.parent / "out").exists()


def test_a_range_without_pictures_leaves_nothing(export, footage):
    footage.add(0)
    with pytest.raises(ExportEmptyError, match="no picture in the range"):
        export(T0 + 30 * S, T0 + 40 * S)
    assert list((footage.root.parent / "out").iterdir()) == []


def test_standard_tools_can_verify_too(export, footage, tmp_path):
    import shutil
    import subprocess

    if shutil.which("openssl") is None or shutil.which("sha256sum") is None:
        pytest.skip("openssl or sha256sum is not installed")
    footage.add(0)
    place = export().place
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=place, check=True, capture_output=True)
    said = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public-key.pem", "-rawin",
         "-in", "manifest.json", "-sigfile", "manifest.sig"],
        cwd=place, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "Verified Successfully" in said.stdout
    data = (place / "manifest.json").read_bytes()
    assert hashlib.sha256(data).hexdigest()


def test_time_and_masks_are_drawn_in_and_the_manifest_says_so(export, footage):
    for number in range(2):
        footage.add(number)
    mask = (0.5, 0.0, 1.0, 0.5)
    result = export(T0 + 2 * S, T0 + 6 * S, burn_time=True, masks=(mask,))
    said = manifest(result)
    assert said["is_reencoded"]
    assert said["burned_time"]
    assert said["masks"] == [list(mask)]
    (listed,) = [f for f in said["files"] if f["camera_id"]]
    assert listed["held"]["start"] == "2026-01-31T08:00:02.000Z"
    assert [source["check"] for source in listed["sources"]] == ["same"] * 2
    with av.open(str(media(result)[0])) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(pictures) == 60
    for picture in (pictures[0], pictures[-1]):
        assert picture[2:46, 84:158].max() < 30
        assert picture[2:46, 2:76].mean() > 60
        stamp = picture[80:94, 4:150]
        assert stamp.min() < 40
        assert stamp.max() > 200
    assert abs(pictures[0][80:94].astype(int) - pictures[20][80:94]).max() > 100
    sound = packets(media(result)[0], "audio")
    assert sound[-1][0] == pytest.approx(4.0, abs=0.2)
    assert verify_export(result.place).is_intact


def test_pictures_are_not_encoded_anew_unless_asked(export, footage):
    footage.add(0)
    assert not manifest(export())["is_reencoded"]
