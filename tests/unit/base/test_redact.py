import pytest

from engine.base.redact import bare_url, redact


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:S3cr3t-CANARY@10.0.0.9/stream",
        "could not open rtsp://admin:S3cr3t-CANARY@10.0.0.9:554/a?x=1: refused",
        "rtsp://a%40b:S3cr3t-CANARY@host/x and https://u:S3cr3t-CANARY@h",
        "RTSP://user:S3cr3t@CANARY@host/x",
    ],
)
def test_no_login_survives(text):
    assert "CANARY" not in redact(text)
    assert "S3cr3t" not in redact(text)


def test_text_without_login_stays_as_it_is():
    text = "front-door: rtsp://10.0.0.9:554/stream lost, mail to a@b.example"
    assert redact(text) == text


def test_people_see_host_and_path_without_login_or_query():
    assert bare_url("rtsp://u:p@cam.lan:8554/live?token=abc") == "rtsp://cam.lan:8554/live"
    assert bare_url("rtsp://[::1]:554/a") == "rtsp://[::1]:554/a"
