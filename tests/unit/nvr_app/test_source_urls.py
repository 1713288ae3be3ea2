import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr_app.source_urls import source_fault, split_credentials

GOOD = [
    ("rtsp", "rtsp://10.0.0.5/stream1"),
    ("rtsp", "rtsps://cam.example:322/h264?ch=1&sub=0"),
    ("rtsp", "rtsp://[fe80::1]:554/live"),
    ("mjpeg", "http://10.0.0.6/mjpg/video.mjpg"),
    ("mjpeg", "https://cam/video?x=1"),
    ("file", "/srv/clips/a.mp4"),
    ("usb", "/dev/video0"),
    ("usb", "Integrated Camera"),
]
HOSTILE = [
    "exec:rm", "file:///etc/passwd", "concat:a|b", "subfile:,,start,0,end,1,,:/etc/passwd",
    "pipe:0", "-i", "--help", "rtsp:/x", "rtsp:///nohost", "rtsp://", "rtsp://:554/x",
    "rtsp://host:99999/x", "rtsp://host:abc/x", "rtsp://host:0/x", "rtsp://ho st/x",
    "rtsp://host/x\nevil", "rtsp://host/\x00", "rtsp://host\\x", "http://host/x", "ftp://host/x",
    "gopher://host", "data:text/plain,x", "crypto:rtsp://host/x", "hls+http://host/x",
    "rtmp://host/x", "tcp://host:1", "udp://host:1", "unix:/tmp/x", "async:rtsp://host",
    "cache:http://host", "tee:a|b", "md5:", "lavfi:testsrc", "playlist.m3u8", "/etc/passwd",
    "../../etc/passwd", "RTSP", "rtsp", "rtsp//host", "javascript:alert(1)", "rtsp://-host/x",
    "rtsp://.host/x", "rtsp://ho|st/x", "rtsp://ho;st/x", "rtsp://ho$(x)st/", "rtsp://ho`x`st/",
    "rtsp://{host}/", "rtsp://ho'st/", 'rtsp://ho"st/', "rtsp://<host>/", "rtsp://host\t/x",
    "rtsp://host\r\n/x", " rtsp://host/x", "rtsp://host/x ", "rtsp://[::1/x", "rtsp://]/x",
    "", "\x7f", "rtsp://host/\u2028x", "srtp://host/x",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "url"), GOOD)
def test_addresses_of_cameras_pass(kind, url):
    assert source_fault(kind, url) is None


@pytest.mark.parametrize("url", HOSTILE)
def test_everything_else_is_refused_with_a_sentence(url):
    fault = source_fault("rtsp", url)
    assert fault
    assert fault.startswith(("the address", "'", '"', "port"))


def test_a_file_is_no_url():
    assert source_fault("file", "http://host/x")
    assert source_fault("file", "-o")


@given(user=st.text(min_size=1, max_size=20), password=st.text(max_size=30))
def test_any_login_comes_out_of_the_address_as_it_went_in(user, password):
    from urllib.parse import quote

    try:
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    except UnicodeEncodeError:
        return  # lone surrogates cannot stand in an address at all
    bare, credentials = split_credentials(f"rtsp://{login}@cam:554/s?x=1")
    assert bare == "rtsp://cam:554/s?x=1"
    assert (credentials.user, credentials.password) == (user, password)


def test_an_address_without_login_stays_as_it_is():
    assert split_credentials("rtsp://cam/s@home") == ("rtsp://cam/s@home", None)
