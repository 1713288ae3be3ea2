"""Who may ask what: every route of the application itself, with the wrong and the right words."""

import json
import re
import types
import warnings

import httpx
import pytest
from litestar.exceptions import LitestarDeprecationWarning
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from engine.base.registry import MetricsRegistry
from engine.hub.api.access import OPEN, SCRAPE
from engine.hub.api.app import build_app
from nvr_app.contract.config import CameraSettings, Settings
from tests.support.engine_process import Engine
from tests.support.patience import PATIENCE_S


@pytest.fixture(scope="module")
def one(tmp_path_factory, clip):
    engine = Engine(
        tmp_path_factory.mktemp("access") / "data",
        [CameraSettings(id="a", kind="sim", main=str(clip), motion=False)],
    )
    try:
        yield engine.start()
    finally:
        engine.close()


@pytest.fixture(scope="module")
def web(one):
    with httpx.Client(base_url=one.endpoint.url, trust_env=False, timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture(scope="module")
def app():
    """The application as the hub builds it; only its routes are looked at."""
    start = types.SimpleNamespace(settings=Settings(), version="0")
    core = types.SimpleNamespace(start=start, registry=MetricsRegistry())
    with warnings.catch_warnings():
        # Litestar 2.25 announces that 3.0 wants path parameters declared in another way, which
        # the oldest release that is supported here does not know yet.
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        return build_app(core)


def paths(app, *kinds):
    """(method, path, access) of every handler; `a` stands for any id in a path."""
    found = []
    for route in app.routes:
        handlers = (
            route.route_handler_map.items()
            if hasattr(route, "route_handler_map")
            else [("WS", route.route_handler)]
        )
        for method, handler in handlers:
            if isinstance(handler, tuple):  # (handler, how to call it)
                handler = handler[0]  # noqa: PLW2901  the name says it best
            path = route.path_format
            for name in route.path_parameters:
                path = path.replace(f"{{{name}}}", "a")
            found.append((str(method), path or "/", handler.opt.get("access", "desk")))
    return sorted({row for row in found if not kinds or row[2] in kinds})


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def sentence_of(answer):
    """The one sentence of a refusal; anything else in its body is a failure."""
    body = answer.json()
    assert set(body) == {"error"}
    assert " " in body["error"]
    return body["error"]


def is_http(row):
    return row[0] != "WS"


def test_only_health_is_open_and_only_health_and_metrics_can_be_scraped(app):
    http = [row for row in paths(app) if is_http(row)]
    assert len(http) > 18
    assert [path for _, path, access in http if access == OPEN["access"]] == ["/health"]
    assert [path for _, path, access in http if access == SCRAPE["access"]] == [
        "/health/deep", "/health/ready", "/metrics",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("0" * 64),
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer caf\u00e9".encode()},
    ],
    ids=["none", "wrong", "basic", "empty", "not-ascii"],
)
def test_every_route_but_health_wants_a_token(web, app, headers):
    wrong = []
    for method, path, access in paths(app):
        if method == "WS" or access == OPEN["access"]:
            continue
        answer = web.request(method, path, headers=headers)
        if (answer.status_code, answer.headers.get("www-authenticate")) != (401, "Bearer"):
            wrong.append((method, path, answer.status_code))
        elif "endpoint.json" not in sentence_of(answer):
            wrong.append((method, path, answer.text))
    assert wrong == []
    assert web.get("/health", headers=headers).json()["status"] == "alive"


def test_the_token_opens_every_reading_route(web, app, one):
    refused = []
    for method, path, _ in paths(app):
        if method == "GET":
            answer = web.get(path, headers=bearer(one.endpoint.token))
            if answer.status_code in {401, 403, 500}:
                refused.append((path, answer.status_code, answer.text[:200]))
    assert refused == []


def test_the_scrapers_token_reads_metrics_and_probes_and_nothing_else(web, app, one):
    token = (one.folder.run / "metrics.token").read_text().strip()
    assert (one.folder.run / "metrics.token").stat().st_mode & 0o777 == 0o640
    assert (one.folder.run / "endpoint.json").stat().st_mode & 0o777 == 0o600
    assert web.get("/metrics", headers=bearer(token)).status_code == 200
    wrong = []
    for method, path, access in paths(app, "desk"):
        if is_http((method, path, access)):
            answer = web.request(method, path, headers=bearer(token))
            if answer.status_code != 403 or "/metrics" not in sentence_of(answer):
                wrong.append((method, path, answer.status_code))
    assert wrong == []
    assert one.process.poll() is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8080"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
    ],
    ids=lambda headers: "-".join(map(str, *headers.items())),
)
def test_other_sites_pages_are_refused_even_with_the_token(web, app, one, headers):
    wrong = []
    for method, path, _ in paths(app):
        if method == "WS":
            continue
        answer = web.request(method, path, headers=bearer(one.endpoint.token) | headers)
        if answer.status_code != 403 or not sentence_of(answer):
            wrong.append((method, path, answer.status_code))
    assert wrong == []
    assert one.process.poll() is None


def test_our_own_names_and_pages_pass(web, one):
    token = bearer(one.endpoint.token)
    for host in ("localhost", "localhost:1", "127.0.0.1", "[::1]:8080"):
        assert web.get("/api/v1/cameras", headers=token | {"Host": host}).status_code == 200
    assert web.get("/api/v1/cameras", headers=token | {"Origin": str(web.base_url)}).is_success


def test_websockets_refuse_all_who_may_not_listen(app, one):
    sockets = [path for method, path, _ in paths(app) if method == "WS"]
    assert sockets == ["/api/v1/live", "/api/v1/notices"]
    scraper = (one.folder.run / "metrics.token").read_text().strip()
    own = bearer(one.endpoint.token)
    for path in sockets:
        for headers, origin in (
            ({}, None), (bearer("f" * 64), None), (bearer(scraper), None),
            (own, "http://evil.example"),
        ):  # fmt: skip
            with pytest.raises(InvalidStatus) as refusal:
                connect(
                    one.endpoint.url.replace("http", "ws", 1) + path + "?camera_id=a",
                    additional_headers=headers, origin=origin, proxy=None, open_timeout=PATIENCE_S,
                ).close()  # fmt: skip
            assert refusal.value.response.status_code == 403
        with connect(
            one.endpoint.url.replace("http", "ws", 1) + path + "?camera_id=a",
            additional_headers=own, proxy=None,
        ) as listening:  # fmt: skip
            assert listening.recv(timeout=PATIENCE_S)


def test_every_refusal_and_mistake_is_a_json_sentence(web, one):
    token = bearer(one.endpoint.token)
    for expected, method, path in (
        (404, "GET", "/api/v1/no-such-thing"),
        (404, "GET", "/api/v1/cameras/nobody/status"),
        (404, "POST", "/api/v1/cameras/nobody/pause"),
        (404, "GET", "/api/v1/events/nothing"),
        (405, "DELETE", "/api/v1/cameras"),
        (400, "GET", "/api/v1/events?limit=0"),
        (400, "GET", "/api/v1/events?limit=many"),
        (400, "GET", "/api/v1/events?start=yesterday"),
        (400, "GET", "/api/v1/events?start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z"),
        (400, "GET", "/api/v1/events?before=nonsense"),
        (400, "POST", "/api/v1/inference/test"),
    ):
        answer = web.request(method, path, headers=token)
        assert answer.status_code == expected, (path, answer.text)
        assert sentence_of(answer)


def test_the_page_of_the_api_names_every_route(web, app, one):
    answer = web.get("/schema/openapi.json", headers=bearer(one.endpoint.token))
    named = json.loads(answer.text)["paths"]
    missing = [
        path
        for method, path, _ in paths(app)
        if is_http((method, path, "")) and not path.startswith("/schema")
        if path not in {re.sub(r"{\w+}", "a", name) for name in named}
    ]
    assert missing == []
