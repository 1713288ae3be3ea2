"""Bad settings, taken ports, sick disks, hostile addresses, passwords: told and survived."""

import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nvr_app.contract.config import (
    ApiSettings,
    CameraSettings,
    RecordingSettings,
    StorageSettings,
)
from tests.support.engine_process import Engine
from tests.support.patience import PATIENCE_S
from tests.support.small_disk import fill, mounted

CANARY = "hunter2-kanarie-9f31"
MIB = 1024**2


def nvr(root, *words, stdin="", timeout=PATIENCE_S):
    """The command line as a person calls it."""
    return subprocess.run(
        [sys.executable, "-m", "nvr_app", "--data-dir", str(root), *words],
        input=stdin, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


def is_sentence(text):
    """What a person gets to read: it begins with our name, and it is no traceback."""
    return text.startswith("nvr: ") and "Traceback" not in text and len(text.split()) > 6


# --- a settings file with five mistakes, on a running engine

FIVE_MISTAKES = """\
site = "works"
colour = "blue"

[api]
port = 0
health_port = 0

[recording]
segment_s = "long"
sync_s = 0.5
floor_free_bytes = 0

[detection]
enabled = false

[[camera]]
id = "a"
kind = "sim"
main = "{clip}"

[[camera]]
id = "evil"
main = "concat:/etc/passwd|/etc/shadow"

[[camera]]
id = "a"
main = "rtsp://127.0.0.1:9/other"

[[camera]]
id = "c"
kind = "sim"
main = "{clip}"
sub = ""
nmae = "Third"
"""
FAULTS = {
    (2, "colour"): "known are",
    (9, "recording.segment_s"): "default",
    (23, "camera.1.main"): "left out until it is right",
    (26, "camera.2.id"): "an id of its own",
    (34, "camera.3.nmae"): "did you mean name?",
}


@pytest.fixture(scope="module")
def mistaken(tmp_path_factory, clip):
    engine = Engine(tmp_path_factory.mktemp("mistakes") / "data", [])
    engine.folder.settings_file.write_text(FIVE_MISTAKES.format(clip=clip.as_posix()))
    try:
        yield engine.start()
    finally:
        engine.close()


def test_validate_names_each_of_five_mistakes_with_line_and_remedy(mistaken):
    done = nvr(mistaken.folder.root, "config", "validate", "--json")
    assert done.returncode == 1
    named = {(one["line"], one["where"]): one["remedy"] for one in json.loads(done.stdout)}
    assert set(named) == set(FAULTS)
    assert all(remedy in named[place] for place, remedy in FAULTS.items()), named
    plain = nvr(mistaken.folder.root, "config", "validate")
    assert plain.returncode == 1
    lines = plain.stdout.splitlines()
    assert len(lines) == 5
    for line, where in FAULTS:
        assert any(text.startswith(f"nvr.toml: line {line}: {where}: ") for text in lines), lines


def test_the_good_cameras_of_a_mistaken_file_record(mistaken):
    mistaken.until(lambda: mistaken.recording() == 2, "cameras a and c to record")
    assert set(mistaken.statuses()) == {"a", "c"}
    grown = mistaken.recorded_bytes("a")
    mistaken.until(lambda: mistaken.recorded_bytes("a") > grown > 0, "bytes of camera a")
    log = mistaken.log()
    for line, where in FAULTS:
        assert f"nvr.toml: line {line}: {where}: " in log


# --- ports


@contextlib.contextmanager
def taken_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_taken_port_is_named_recording_goes_on_and_the_api_comes_when_it_is_free(engine, clip):
    with taken_port() as port:
        one = engine(
            [CameraSettings(id="a", kind="sim", main=str(clip), motion=False)],
            api=ApiSettings(port=port, health_port=0),
        ).start(wait=False)
        one.until(lambda: one.folder.logs.joinpath("engine.log").exists(), "the log")
        one.until(lambda: f"cannot listen on 127.0.0.1:{port}" in one.log(), "the sentence")
        assert "choose another with --port" in one.log()
        assert "Traceback" not in one.log()
        one.until(lambda: one.recorded_bytes("a") > 0, "recording without an API")
        grown = one.recorded_bytes("a")
        one.until(lambda: one.recorded_bytes("a") > grown, "recording to go on")
        assert one.endpoint is None
    one.until(lambda: one.endpoint is not None, "the API on the port that is free now")
    assert one.endpoint.url.endswith(f":{port}")
    one.until(lambda: one.recording() == 1, "camera a")


def test_a_taken_health_port_is_a_sentence_and_starts_nothing(tmp_path):
    with taken_port() as port:
        done = nvr(tmp_path / "d", "engine", "--port", "0", "--health-port", str(port))
    assert done.returncode == 1
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("nvr: ")]
    assert is_sentence(sentence)
    assert f"port {port}" in sentence
    assert "--health-port" in sentence
    assert not list((tmp_path / "d" / "run").glob("*.json"))


def test_a_second_engine_is_refused_and_the_first_one_does_not_notice(mistaken):
    endpoint = mistaken.endpoint
    done = nvr(mistaken.folder.root, "engine", "--port", "0")
    assert done.returncode == 1
    assert is_sentence(done.stderr)
    assert str(mistaken.process.pid) in done.stderr
    assert "--data-dir" in done.stderr
    assert mistaken.endpoint == endpoint
    assert mistaken.ask("/health")[0] == 200


# --- disks


def test_a_read_only_data_folder_is_a_sentence(tmp_path):
    with mounted(tmp_path / "d", "size=1m,ro"):
        done = nvr(tmp_path / "d", "engine", "--port", "0")
    assert done.returncode == 1
    assert is_sentence(done.stderr)
    assert str(tmp_path / "d") in done.stderr
    assert "--data-dir" in done.stderr


def test_an_existing_data_folder_that_became_read_only_is_a_sentence(tmp_path):
    """All folders are there already: making them tells nothing."""
    with mounted(tmp_path / "d", "size=1m") as disk:
        Engine(disk, [])
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        done = nvr(disk, "engine", "--port", "0")
    assert done.returncode == 1
    assert is_sentence(done.stderr)
    assert "not writable" in done.stderr


def test_a_full_disk_is_told_survived_and_the_gap_is_on_the_record(engine, clip, tmp_path):
    with mounted(tmp_path / "disk", "size=40m") as disk:
        one = engine(
            [CameraSettings(id="a", kind="sim", main=str(clip), motion=False)],
            storage=(StorageSettings(name="small", path=str(disk)),),
            recording=RecordingSettings(segment_s=5, sync_s=0.5, floor_free_bytes=2 * MIB),
        ).start()
        try:
            one.until(lambda: one.recording() == 1, "camera a to record")
            time.sleep(2)
            full_us = time.time_ns() // 1000
            ballast = fill(disk)
            one.until(lambda: one.statuses()["a"]["status"] == "unwritable", "the state")
            told_us = time.time_ns() // 1000
            status = one.statuses()["a"]
            assert not status["recording"]
            assert "space" in status["detail"]
            one.until(lambda: "small" in storage_fault(one), "readiness to tell")
            code, body = one.ask("/health/ready")
            checks = json.loads(body)["checks"]
            assert code == 503
            assert checks["storage"]["status"] == "fail"
            assert checks["streams"]["status"] == "fail"
            pids = {name: process.pid for name, process in one.children().items()}

            ballast.unlink()
            free_us = time.time_ns() // 1000
            one.until(lambda: one.recording() == 1, "recording to come back")
            back_us = time.time_ns() // 1000
            one.until(lambda: gaps(one), "the gap's record")
            (gap,) = gaps(one)
            assert gap["reason"] == "storage"
            # It began when the last bytes were taken. What waited in memory for its file when space
            # came back is kept: the gap ends at its keyframe.
            assert full_us - 3_000_000 < gap["start_wall_us"] < told_us
            assert free_us - 3_000_000 < gap["end_wall_us"] < back_us + 1_000_000
            shown = timeline_gaps(one)
            assert [what for _, _, what in shown] == ["storage"]
            one.until(lambda: one.ask("/health/ready")[0] == 200, "readiness")
            assert {name: process.pid for name, process in one.children().items()} == pids
            time.sleep(1)
            one.stop()
            code, report = one.check("--hash")
            assert (code, report["is_sound"]) == (0, True), report
        finally:
            one.close()


def storage_fault(one):
    checks = json.loads(one.ask("/health/ready")[1])["checks"]
    return checks["storage"]["message"] if checks["storage"]["status"] != "pass" else ""


def gaps(one):
    return one.json("/api/v1/recordings?camera_id=a")["gaps"]


def timeline_gaps(one):
    now_s = int(time.time())
    day = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s + by)) for by in (-600, 600)]
    answer = one.json(f"/api/v1/timeline?start={day[0]}&end={day[1]}")
    return answer["cameras"][0]["gaps"]


# --- hostile addresses and secrets

HOSTILE = (
    "file:///etc/passwd", "concat:a|b", "pipe:0", "exec:touch /tmp/x", "-i", "lavfi:testsrc",
    "subfile:,,start,0,end,9,,:/etc/passwd", "rtsp://", "rtsp://-host/x", "rtsp://h:99999/x",
    "rtsp://h/x\nrtsp://evil/", "rtsp://$(id)/x", "crypto:rtsp://h/x", "/etc/passwd",
)  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_on_the_command_line(tmp_path, capsys, url):
    from nvr_app.cli import main  # as a function: fourteen interpreters would take a minute

    for words in (("--main", url), ("--main", "rtsp://127.0.0.1:9/s", "--sub", url)):
        option, value = words[-2:]
        code = main(
            ["--data-dir", str(tmp_path), "camera", "add", "x", *words[:-2], f"{option}={value}"]
        )
        assert code == 1
        assert is_sentence(capsys.readouterr().err)
        assert not (tmp_path / "config" / "nvr.toml").exists()


ANSWERS = (
    "/api/v1/cameras", "/api/v1/cameras/status", "/api/v1/cameras/door/snapshot.jpg",
    "/api/v1/system/status", "/api/v1/events", "/health/ready", "/metrics",
)  # fmt: skip


class Doorman(threading.Thread):
    """An RTSP camera that lets nobody in; it keeps what it was told."""

    def __init__(self):
        super().__init__(daemon=True)
        self.heard = b""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(PATIENCE_S)
                    self._talk(connection)

    def _talk(self, connection):
        waiting = b""
        while data := connection.recv(4096):
            self.heard += data
            waiting += data
            while b"\r\n\r\n" in waiting:
                request, _, waiting = waiting.partition(b"\r\n\r\n")
                number = request.lower().partition(b"cseq:")[2].split()[0]
                is_options = request.startswith(b"OPTIONS")
                first = b"200 OK" if is_options else b"401 Unauthorized"
                connection.sendall(
                    b"RTSP/1.0 " + first + b"\r\nCSeq: " + number
                    + b'\r\nPublic: OPTIONS, DESCRIBE\r\nWWW-Authenticate: Basic realm="door"'
                    + b"\r\nContent-Length: 0\r\n\r\n"
                )  # fmt: skip

    def close(self):
        self._server.close()


def test_a_password_is_used_and_stands_nowhere(engine, clip, monkeypatch):
    monkeypatch.delenv("NVR_SECRETS_KEY", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    doorman = Doorman()
    doorman.start()
    one = engine([CameraSettings(id="a", kind="sim", main=str(clip), motion=False)])
    try:
        url = f"rtsp://admin:{CANARY}@127.0.0.1:{doorman.port}/s"
        added = nvr(one.folder.root, "camera", "add", "door", "--main", url)
        assert added.returncode == 0, added.stderr
        one.start()
        one.until(lambda: one.statuses().get("door", {}).get("status") == "refused", "the refusal")
        login = base64.b64encode(f"admin:{CANARY}".encode())
        assert login in doorman.heard  # so the engine had it in the clear
        tested = nvr(one.folder.root, "camera", "test", "door", "--seconds", "1")
        assert tested.returncode == 1
        assert is_sentence(tested.stderr)
        said = [added.stdout + added.stderr, tested.stdout + tested.stderr]
        for words in (("config", "show"), ("camera", "list"), ("secrets", "status"), ("doctor",)):
            done = nvr(one.folder.root, *words)
            said.append(done.stdout + done.stderr)
        said += [one.ask(path)[1].decode() for path in ANSWERS]
        if sys.platform == "linux":
            pids = [one.process.pid, *[process.pid for process in one.children().values()]]
            titles = [
                Path(f"/proc/{pid}/{name}") for pid in pids for name in ("cmdline", "environ")
            ]
            said += [path.read_bytes().decode("latin1") for path in titles]
        leaks = [text[:300] for text in said if is_leaked(text.encode())]
        assert leaks == []
        for round_ in ("running", "stopped"):
            assert [str(p) for p in files_of(one) if is_leaked(p.read_bytes())] == [], round_
            if round_ == "running":
                one.stop()
    finally:
        doorman.close()
        one.close()


def is_leaked(content):
    needles = (CANARY.encode(), base64.b64encode(f"admin:{CANARY}".encode()))
    return any(needle in content for needle in needles)


def files_of(one):
    found = [path for path in one.folder.root.rglob("*") if path.is_file()]
    assert any(path.name == "engine.log" for path in found)
    assert any(path.name == "secrets.enc" for path in found)
    return [path for path in found if os.access(path, os.R_OK)]
