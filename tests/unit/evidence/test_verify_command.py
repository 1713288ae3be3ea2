"""`nvr verify` on a machine without any engine: words and exit codes."""

import json
import subprocess
import sys

import pytest

from nvr_app.evidence.digest import FileDigest
from nvr_app.evidence.manifest import (
    Camera,
    File,
    Interval,
    JournalMark,
    Manifest,
    ManifestError,
    decode_manifest,
    encode_manifest,
)
from nvr_app.evidence.signing import Signer, public_pem

SIGNER = Signer(bytes(32))
SPAN = Interval(start="a", end="b", start_wall_us=0, end_wall_us=1)


def a_manifest(*files):
    return Manifest(
        export_id="x1", made="now", made_wall_us=1, site="works", node="box", software="nvr 1",
        actor="desk", reason="", asked=SPAN, is_reencoded=False,
        journal=JournalMark(seq=1, head="00"),
        cameras=(Camera(camera_id="front", name="Front"),), files=files, key_id=SIGNER.key_id,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    data = bytes(range(256)) * 12_000
    digest = FileDigest()
    digest.update(data[:1_000_001])
    digest.update(data[1_000_001:])
    (tmp_path / "front.mp4").write_bytes(data)
    signed = encode_manifest(
        a_manifest(
            File(name="front.mp4", size_bytes=len(data), sha256=digest.sha256(),
                 block_bytes=digest.block_bytes, blocks=digest.blocks()),
        )
    )  # fmt: skip
    (tmp_path / "manifest.json").write_bytes(signed)
    (tmp_path / "manifest.sig").write_bytes(SIGNER.sign(signed))
    (tmp_path / "public-key.pem").write_bytes(public_pem(SIGNER.public_key))
    return tmp_path


def verify(*words):
    """Without the engine's packages: they must not even be importable."""
    code = (
        "import sys; sys.modules['engine.hub'] = sys.modules['av'] = sys.modules['duckdb'] = None\n"
        "from nvr_app.cli import main; raise SystemExit(main(sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, "verify", *map(str, words)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_intact_export_is_said_to_be_so_with_the_fingerprint(folder):
    done = verify(folder)
    assert done.returncode == 0, done.stderr
    assert "The export is intact." in done.stdout
    assert SIGNER.key_id in done.stdout
    assert verify(folder, "--public-key", SIGNER.key_id.lower()).returncode == 0


def test_a_changed_byte_is_named_with_its_place_and_exit_code_1(folder):
    file = folder / "front.mp4"
    data = bytearray(file.read_bytes())
    data[2_500_000] ^= 4
    file.write_bytes(data)
    done = verify(folder, "--json")
    assert done.returncode == 1
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["name"], finding["state"], finding["offset"]) == (
        "front.mp4",
        "changed",
        2 << 20,
    )


def test_a_file_that_ends_early_is_named_where_it_ends(folder):
    file = folder / "front.mp4"
    file.write_bytes(file.read_bytes()[:1_500_000])
    done = verify(file)
    assert done.returncode == 1
    assert "1500000 bytes instead of" in done.stdout
    assert "between bytes 1048576 and" in done.stdout


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / "manifest.sig").unlink(), "signature: missing"),
        (lambda f: (f / "manifest.sig").write_bytes(bytes(64)), "signature: INVALID"),
        (lambda f: (f / "public-key.pem").write_text("no key"), "signature: INVALID"),
        (lambda f: (f / "manifest.json").write_text("{"), "manifest.json cannot be read"),
        (lambda f: (f / "front.mp4").unlink(), "missing  front.mp4"),
        (lambda f: (f / "extra").mkdir(), "added    extra/"),
    ],
)
def test_each_kind_of_tampering_has_its_words(folder, damage, words):
    damage(folder)
    done = verify(folder)
    assert done.returncode == 1
    assert words in done.stdout
    assert "NOT intact" in done.stdout


def test_what_is_no_export_or_no_key_is_wrong_usage(folder, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    assert verify(empty).returncode == 2
    assert verify(empty / "nothing").returncode == 2
    done = verify(folder, "--public-key", "no-key")
    assert done.returncode == 2
    assert "neither a fingerprint nor a readable key file" in done.stderr


@pytest.mark.parametrize("name", ["../etc/passwd", "a/b", "..", "c:\\x", "manifest.sig", ""])
def test_a_manifest_cannot_lead_out_of_its_export(name):
    data = encode_manifest(a_manifest(File(name=name, size_bytes=1, sha256="")))
    with pytest.raises(ManifestError, match="no file of an export"):
        decode_manifest(data)


def test_a_link_is_no_file(folder, tmp_path_factory):
    real = tmp_path_factory.mktemp("elsewhere") / "front.mp4"
    (folder / "front.mp4").rename(real)
    (folder / "front.mp4").symlink_to(real)
    done = verify(folder)
    assert done.returncode == 1
    assert "is a link" in done.stdout
