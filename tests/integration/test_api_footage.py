"""Footage over the API of a real engine: ranges, indexes and timelines of what it records."""

import io
import time

import av
import httpx
import pytest

from nvr_app.contract.audit_facts import BookmarkSet
from nvr_app.contract.config import CameraSettings
from nvr_app.contract.events import FootageProtected
from tests.support.engine_process import Engine
from tests.support.fact_teller import FactTeller, now_us

pytestmark = pytest.mark.timeout(90)


@pytest.fixture(scope="module")
def one(tmp_path_factory, clip):
    engine = Engine(
        tmp_path_factory.mktemp("footage") / "data",
        [CameraSettings(id="a", kind="sim", main=str(clip), motion=False)],
    )
    try:
        engine.start()
        engine.until(lambda: closed(engine), "a segment to close")
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="module")
def web(one):
    headers = {"Authorization": f"Bearer {one.endpoint.token}"}
    with httpx.Client(
        base_url=one.endpoint.url, trust_env=False, timeout=10, headers=headers
    ) as client:
        yield client


@pytest.fixture(scope="module")
def looked():
    """Segments whose index is kept; the first closed one is another."""
    return set()


def segments(engine):
    return engine.json("/api/v1/recordings?camera_id=a")["segments"]


def closed(engine):
    return [segment for segment in segments(engine) if segment["state"] == "closed"]


def url(segment, what="media"):
    return f"/api/v1/segments/{segment['segment_id']}/{what}"


def file_of(engine, segment):
    return engine.folder.recordings / segment["path"]


def test_a_closed_segment_is_had_whole_and_byte_for_byte(one, web):
    segment = closed(one)[0]
    answer = web.get(url(segment))
    content = file_of(one, segment).read_bytes()
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(content)
    tag = answer.headers["etag"]
    assert web.get(url(segment), headers={"If-None-Match": tag}).status_code == 304


def test_ranges_of_it(one, web):
    segment = closed(one)[0]
    content = file_of(one, segment).read_bytes()
    part = web.get(url(segment), headers={"Range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, content[100:300])
    assert part.headers["content-range"] == f"bytes 100-299/{len(content)}"
    end = web.get(url(segment), headers={"Range": "bytes=-50"})
    assert (end.status_code, end.content) == (206, content[-50:])
    stale = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert web.get(url(segment), headers=stale).status_code == 200
    beyond = web.get(url(segment), headers={"Range": f"bytes={len(content)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(content)}")
    assert " " in beyond.json()["error"]


def test_the_index_leads_to_pictures_of_the_moment(one, web):
    segment = closed(one)[0]
    index = web.get(url(segment, "index")).json()
    assert index["damages"] == []
    keyed = [f for f in index["fragments"] if f[4]]
    start_us, _, offset, size, _ = keyed[-1]
    head = web.get(url(segment), headers={"Range": f"bytes=0-{index['init_size'] - 1}"}).content
    body = web.get(url(segment), headers={"Range": f"bytes={offset}-{offset + size - 1}"}).content
    with av.open(io.BytesIO(head + body)) as container:
        first = next(container.decode(video=0))
    assert abs(first.time * 1e6 - start_us) < 1_000
    duration_us = segment["end_wall_us"] - segment["start_wall_us"]
    last = index["fragments"][-1]
    assert abs(last[0] + last[1] - duration_us) < 200_000


def test_an_open_segment_can_be_looked_at_while_it_grows(one, web, looked):
    def open_one():
        return [segment for segment in segments(one) if segment["state"] == "open"]

    one.until(open_one, "an open segment")
    segment = open_one()[-1]
    looked.add(segment["segment_id"])
    grown = []

    def grows():
        index = web.get(url(segment, "index")).json()
        grown.append(len(index["fragments"]))
        return grown[-1] >= 3

    one.until(grows, "three fragments of it")
    assert grown == sorted(grown)
    index = web.get(url(segment, "index")).json()
    whole = web.get(
        url(segment), headers={"Range": f"bytes=0-{index['indexed_bytes'] - 1}"}
    ).content
    with av.open(io.BytesIO(whole)) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 30


def test_what_is_not_there_is_a_sentence(one, web):
    for what in ("media", "index"):
        answer = web.get(f"/api/v1/segments/nothing/{what}")
        assert answer.status_code == 404
        assert "nothing" in answer.json()["error"]
    segment = closed(one)[0]
    place = file_of(one, segment)
    aside = place.with_suffix(".aside")
    place.rename(aside)
    try:
        answer = web.get(url(segment))
        assert answer.status_code == 503
        assert segment["path"] in answer.json()["error"]
    finally:
        aside.rename(place)


def test_a_segment_whose_head_is_destroyed_is_named(one, web, looked):
    def fresh():
        return [s for s in closed(one)[1:] if s["segment_id"] not in looked]

    one.until(fresh, "a segment whose index nobody has asked for")
    segment = fresh()[0]
    place = file_of(one, segment)
    content = place.read_bytes()
    place.write_bytes(b"\0" * 2_048 + content[2_048:])
    try:
        answer = web.get(url(segment, "index"))
        assert answer.status_code == 422
        assert segment["segment_id"] in answer.json()["error"]
    finally:
        place.write_bytes(content)


def test_the_timeline_tells_every_subject_as_fine_as_asked(one, web):
    teller = FactTeller(one.folder.root)
    teller.start()
    try:
        day_us = 86_400_000_000
        begin = now_us() - day_us
        for n in range(40):  # every other second: a pixel of an hour's thousand takes 3.6 s
            teller.motion(f"m{n}", ago_s=86_400 - 2 * n, length_s=0.4)
        teller.end_track(teller.begin_track("t1", ago_s=86_000), length_s=5)
        teller.end_track(teller.begin_track("t2", ago_s=85_000, label="car"), length_s=5)
        teller.tell(
            BookmarkSet(
                wall_us=begin, bookmark_id="b", camera_ids=("a",), title="look", text="",
                start_wall_us=begin, end_wall_us=begin, actor="me",
            )
        )  # fmt: skip
        teller.tell(
            FootageProtected(
                wall_us=begin, protection_id="p", start_wall_us=begin,
                end_wall_us=begin + 1_000_000, reason="court", actor="me",
            )
        )  # fmt: skip

        def row(width):
            hours = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin / 1e6 + by))
                     for by in (-1_800, 1_800)]  # fmt: skip
            told = one.json(f"/api/v1/timeline?start={hours[0]}&end={hours[1]}&width={width}")
            return told["cameras"][0]

        one.until(lambda: len(row(1_000)["events"]) == 2 and row(1_000)["protected"], "the facts")
        coarse, fine = row(1_000), row(10_000)
        assert (len(coarse["motion"]), len(fine["motion"])) == (1, 40)
        (motion,) = coarse["motion"]
        assert abs(motion[1] - motion[0] - 78_400_000) < 1_000_000
        assert [span[2] for span in coarse["events"]] == ["person", "car"]
        assert [span[2] for span in coarse["bookmarks"]] == ["look"]
        assert [span[2] for span in coarse["protected"]] == ["court"]
        assert coarse["alerts"] == coarse["recorded"] == []
    finally:
        teller.close()


def test_recorded_time_is_one_span_up_to_now(one):
    now_s = time.time()
    told = one.json(f"/api/v1/timeline?start={now_s - 600}&end={now_s + 600}")
    (span,) = told["cameras"][0]["recorded"]
    assert abs(span[1] / 1e6 - now_s) < 5


@pytest.mark.parametrize(
    "query", ["start=0&end=1&width=0", "start=0&end=1&width=10001", "start=0&end=99999999",
              "start=2&end=1", "start=x&end=1"],
)  # fmt: skip
def test_a_timeline_that_makes_no_sense_is_refused(one, query):
    status, body = one.ask(f"/api/v1/timeline?{query}")
    assert status == 400, body


def still(web, query):
    return web.get(f"/api/v1/cameras/a/frame.jpg?{query}")


def size_of(jpeg):
    with av.open(io.BytesIO(jpeg), format="jpeg_pipe") as container:
        frame = next(container.decode(video=0))
    return frame.width, frame.height


def test_stills_of_the_past_are_of_their_keyframe_or_of_the_very_moment(one, web):
    segment = closed(one)[0]
    index = web.get(url(segment, "index")).json()
    key_us = [fragment[0] for fragment in index["fragments"] if fragment[4]][-1]
    moment_us = segment["start_wall_us"] + key_us + 400_000
    thumbnail = still(web, f"at={moment_us / 1e6:.6f}&width=160")
    assert thumbnail.status_code == 200, thumbnail.text
    assert size_of(thumbnail.content) == (160, 90)
    assert round(float(thumbnail.headers["x-moment"]) * 1e6) == moment_us - 400_000
    exact = still(web, f"at={moment_us / 1e6:.6f}&width=0&exact=true")
    assert size_of(exact.content) == (320, 180)
    assert exact.content != still(web, f"at={moment_us / 1e6:.6f}&width=0").content


def test_a_still_of_a_moment_without_footage_or_sense_is_refused(one, web):
    nothing = still(web, "at=2020-01-01T00:00:00Z")
    assert nothing.status_code == 404
    assert "2020-01-01" in nothing.json()["error"]
    assert still(web, "at=tomorrow").status_code == 400
    assert still(web, f"at={time.time() - 3}&width=9999").status_code == 400
