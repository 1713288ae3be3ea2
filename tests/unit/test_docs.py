"""The documents say what the code says: metrics, commands, settings, routes, links, words."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import shlex
import tomllib
import warnings
from importlib import metadata
from pathlib import Path

import msgspec
import pytest
from litestar.exceptions import LitestarDeprecationWarning
from litestar.routes import WebSocketRoute

from engine.base.child import ChildControl
from engine.base.metric_table import METRICS
from engine.hub.api.app import build_app
from engine.hub.fragment_age import FragmentAges
from engine.hub.main import Hub
from engine.hub.start import HubStart
from nvr_app.cli import COMMANDS, _parser
from nvr_app.contract.commands import AnyCommand
from nvr_app.contract.config import (
    AgeingSettings,
    ApiSettings,
    BucketSettings,
    CameraSettings,
    ClipSettings,
    DetectionSettings,
    RecordingSettings,
    Settings,
    StorageSettings,
)
from nvr_app.contract.events import FACT_TYPES
from nvr_app.contract.notices import AnyNotice
from nvr_app.contract.retention import RetentionPolicy
from nvr_app.contract.wire import PROTOCOL

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PICTURE_TO_COME = ROOT / "docs" / "pictures" / "wall.png"
METRIC_ROW = re.compile(r"^\| `(surveillance_\w+)` \| (\w+) \| ([\w, ]*?) ?\|", re.MULTILINE)
ROUTE = re.compile(r"\b(GET|POST|PUT|DELETE|PATCH|WS) (/[\w/{}.-]*)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def names(paths):
    return [path.relative_to(ROOT).as_posix() for path in paths]


def read(path):
    return (ROOT / path).read_text("utf-8")


def everything():
    return "\n".join(path.read_text("utf-8") for path in DOCUMENTS)


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    """The hub's parts as `run_hub` makes them; nothing is started."""
    data_dir = tmp_path_factory.mktemp("data")
    (data_dir / "run").mkdir()
    start = HubStart(
        data_dir=str(data_dir), settings=Settings(), models_dirs=(), version="0", supervisor_pid=1,
        supervisor_health_port=1, instance_id="i",
    )  # fmt: skip
    hub = Hub(start, ChildControl(io.StringIO(), io.StringIO()), lambda: bytes(32))
    yield hub._core
    hub._core.queries.close()


# --- metrics


def documented_metrics():
    return {
        name: (kind, tuple(part.strip() for part in labels.split(",") if part.strip()))
        for name, kind, labels in METRIC_ROW.findall(read("docs/metrics.md"))
    }


def test_every_metric_is_documented_with_kind_and_labels_and_nothing_else_is(core):
    expected = {row.name: (row.kind, row.labels) for row in METRICS}
    for family in FragmentAges(core.state, core.clock).collect():
        expected[family.name] = (family.type, tuple(family._labelnames))
    assert documented_metrics() == expected


def test_metrics_named_anywhere_in_the_documents_exist():
    known = set(documented_metrics())
    assert set(re.findall(r"`(surveillance_[a-z_]+)`", everything())) <= known


# --- command line


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_stands_in_the_readme(command):
    assert re.search(rf"`nvr (?:{command}\b|[^`]*`or `nvr {command}\b)", read("README.md")) or (
        f"or `nvr {command}`" in read("README.md")
    )


def example_lines():
    """Every `nvr …` line of the documents' shell examples."""
    found = []
    for path in DOCUMENTS:
        for language, body in FENCE.findall(path.read_text("utf-8")):
            if language in {"bash", "bat"}:
                lines = (line.strip() for line in body.splitlines())
                found += [(path.name, line) for line in lines if re.match(r"nvr\b", line)]
    return found


def test_there_are_examples():
    assert len(example_lines()) > 15


@pytest.mark.parametrize(("document", "line"), example_lines())
def test_examples_are_commands_that_the_program_takes(document, line):
    words = shlex.split(line, comments=True)[1:] or ["desk"]
    chosen = next(command for word in words for command in COMMANDS if command.name == word)
    if importlib.util.find_spec(chosen.module) is None:
        pytest.skip(f"{chosen.module} is not there")
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            _parser(chosen.name).parse_args(words)
        except SystemExit:
            pytest.fail(f"{document}: {line}: {said.getvalue()}")


# --- settings


@pytest.mark.parametrize(
    "section",
    [
        ApiSettings,
        RecordingSettings,
        StorageSettings,
        BucketSettings,
        AgeingSettings,
        ClipSettings,
        DetectionSettings,
        RetentionPolicy,
        CameraSettings,
    ],
)
def test_every_key_of_the_settings_is_documented(section):
    table = [line for line in read("docs/settings.md").splitlines() if line.startswith("|")]
    keys = {key for line in table for key in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert set(section.__struct_fields__) <= keys


def test_defaults_of_numbers_are_the_documented_ones():
    shown = dict(
        re.findall(r"^\| [^|]*?`(\w+)` \| ([\d.]+) \|", read("docs/settings.md"), re.MULTILINE)
    )
    actual = {
        field.name: float(field.default)
        for section in (
            ApiSettings,
            RecordingSettings,
            StorageSettings,
            AgeingSettings,
            ClipSettings,
            DetectionSettings,
            CameraSettings,
        )
        for field in msgspec.structs.fields(section)
        if isinstance(field.default, int | float) and not isinstance(field.default, bool)
    }
    assert {key: float(value) for key, value in shown.items()} == actual


# --- protocol


def app_routes(core):
    """Method and path of everything the application answers; OpenAPI's own pages as one."""
    found = set()
    with warnings.catch_warnings():
        # Litestar means to do away with bare path parameters in its version 3; we stay below it.
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        app = build_app(core)
    for route in app.routes:
        path = re.sub(r":\w+}", "}", route.path)
        if path.startswith("/schema/"):
            continue
        is_socket = isinstance(route, WebSocketRoute)
        methods = {"WS"} if is_socket else set(route.methods) - {"OPTIONS", "HEAD"}
        found |= {(method, path) for method in methods}
    return found


def test_every_route_stands_in_the_protocol_and_no_other(core):
    documented = set(ROUTE.findall(read("docs/protocol.md").replace("?camera_id", " ?camera_id")))
    assert documented == app_routes(core)


def test_routes_named_elsewhere_exist(core):
    named = set(ROUTE.findall(everything().replace("?camera_id", " ?camera_id")))
    assert named <= app_routes(core)


@pytest.mark.parametrize(
    "tag",
    [
        str(kind.__struct_config__.tag)
        for kind in (*FACT_TYPES, *AnyNotice.__args__, *AnyCommand.__args__)
    ],
)
def test_every_message_stands_in_the_protocol(tag):
    assert f"`{tag}`" in read("docs/protocol.md")


def test_the_protocol_says_its_version_and_what_changed():
    text = read("docs/protocol.md")
    assert f"Protocol version: **{PROTOCOL}**" in text
    assert re.search(rf"^\| {PROTOCOL} \| .*\*\*(New|Changed):", text, re.MULTILINE)


# --- dependencies


def test_every_dependency_stands_in_the_list_of_what_a_package_contains():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    listed = read("docs/bundled.md").lower()
    wanted = [*project["dependencies"], *project["optional-dependencies"]["gui"]]
    for line in wanted:
        name = re.match(r"[\w.-]+", line).group().lower()
        assert f"| {name} |" in listed or f"`{name}`" in listed, name


def test_the_licence_is_the_one_that_is_declared():
    assert metadata.metadata("nvr")["License-Expression"] in read("README.md")


# --- links and words


def anchors(path):
    """GitHub's names of a document's headings."""
    text = FENCE.sub("", path.read_text("utf-8"))
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("document", names(DOCUMENTS))
def test_links_lead_somewhere(document):
    path = ROOT / document
    for link in LINK.findall(FENCE.sub("", path.read_text("utf-8"))):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if target == PICTURE_TO_COME and not target.exists():
            continue
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("document", names(DOCUMENTS))
def test_no_document_names_a_place_on_somebodys_machine(document):
    found = re.findall(r"(?<![\w.])/(?:work|tmp|root|home)\b[^\s`]*", read(document))
    assert found == []


@pytest.mark.parametrize("document", names(DOCUMENTS))
def test_every_document_is_reached_from_the_readme(document):
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for link in LINK.findall(path.read_text("utf-8")):
            target = (path.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in seen:
                waiting.append(target)
    assert ROOT / document in seen


# --- sentences


def spoken():
    """Everything that the program's texts say, string literals put together again."""
    sources = (path for top in ("engine", "nvr_app", "ui") for path in (ROOT / top).rglob("*.py"))
    text = "\n".join(path.read_text("utf-8") for path in sources)
    return re.sub(r"[\"']\s*\n\s*(?:\+ )?f?[\"']", "", text)


def test_sentences_of_troubleshooting_are_the_program_s_own():
    said = spoken()
    rows = [line.split("|") for line in read("docs/guides/troubleshooting.md").splitlines()]
    sentences = [row[2].strip() for row in rows if len(row) == 5 and "---" not in row[2]]
    parts = [part.strip(" ;:") for sentence in sentences for part in sentence.split("…")]
    long_enough = [part for part in parts if len(part) > 14]
    assert len(long_enough) > 30
    assert [part for part in long_enough if part not in said] == []
