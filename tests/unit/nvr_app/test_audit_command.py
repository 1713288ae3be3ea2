"""`nvr audit`: what was changed, cut off or written anew is found and named."""

import json

import pytest

from engine.base.clock import SystemClock
from engine.journal.head_signing import keep_public_key, sign_head
from engine.journal.journal import Journal
from engine.journal.parts import find_parts
from engine.journal.payload import JournalledFact, entry_for
from engine.journal.reader import hash_at
from nvr_app.cli import main
from nvr_app.evidence.signing import Signer
from nvr_app.paths import DataFolder
from tests.support.history import NOW, history

SIGNER = Signer(bytes(range(32)))


class Audited:
    def __init__(self, root):
        self.folder = DataFolder(root)
        self.folder.create()
        keep_public_key(self.folder.signing_keys, SIGNER.public_key)
        self.number = 0

    def write(self, facts):
        journal = Journal(self.folder.journal, SystemClock())
        journal.open()
        entries = []
        for fact in facts:
            self.number += 1
            entries.append(
                entry_for(
                    JournalledFact(site="s", node="n", producer="p", number=self.number, fact=fact)
                )
            )
        seqs = journal.append(entries)
        journal.close()
        return seqs[-1]

    def sign(self, signer=SIGNER):
        seq = self.write([history()[0]])
        head = hash_at(self.folder.journal, seq)
        self.write([sign_head(signer, wall_us=NOW, up_to_seq=seq, head=head)])

    def audit(self, *more):
        return main(["--data-dir", str(self.folder.root), "audit", *map(str, more)])


@pytest.fixture
def audited(tmp_path):
    made = Audited(tmp_path / "site")
    made.write(history()[:20])
    made.sign()
    made.write(history()[20:30])
    return made


def said(capsys):
    return json.loads(capsys.readouterr().out)


def test_an_untouched_journal_is_intact_and_says_from_when_to_when(audited, capsys):
    assert audited.audit("verify") == 0
    text = capsys.readouterr().out
    assert "records: 32, from 2" in text
    assert "up to record 21 on 2" in text
    assert SIGNER.key_id in text
    assert "not signed yet: 11 records" in text
    assert audited.audit("verify", "--json") == 0
    assert said(capsys)["is_intact"]


def test_a_changed_payload_is_named(audited, capsys):
    path = find_parts(audited.folder.journal)[0].payload_path("events")
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(bytes(data))
    assert audited.audit("verify", "--json") == 1
    (fault,) = said(capsys)["journal"]["faults"]
    assert "events.payload" in fault


def test_a_journal_written_anew_does_not_fit_the_head_that_was_kept_elsewhere(
    audited, tmp_path, capsys
):
    kept = tmp_path / "kept" / "head.json"
    kept.parent.mkdir()
    assert audited.audit("export-head", "--out", kept) == 0
    assert audited.audit("verify", "--head", kept) == 0
    for path in audited.folder.journal.iterdir():
        path.unlink()
    audited.write(history()[1:30])
    audited.sign()
    capsys.readouterr()
    assert audited.audit("verify", "--json") == 0  # its own head fits, the kept one does not
    capsys.readouterr()
    assert audited.audit("verify", "--head", kept, "--json") == 1
    (fault,) = said(capsys)["faults"]
    assert "another record" in fault


def test_a_journal_whose_end_was_cut_off_is_found_by_the_kept_head(audited, tmp_path, capsys):
    audited.sign()
    kept = tmp_path / "head.json"
    audited.audit("export-head", "--out", kept)
    chain = find_parts(audited.folder.journal)[0].chain_path
    chain.write_bytes(b"".join(chain.read_bytes().splitlines(keepends=True)[:25]))
    Journal(audited.folder.journal, SystemClock()).open()  # cuts the payloads too
    capsys.readouterr()
    assert audited.audit("verify", "--json") == 0
    capsys.readouterr()
    assert audited.audit("verify", "--head", kept, "--json") == 1
    assert "ends at record 25, before it" in said(capsys)["faults"][0]


def test_signatures_of_other_keys_and_missing_ones_are_faults(audited, tmp_path, capsys):
    audited.sign(Signer(bytes(32)))
    assert audited.audit("verify", "--json") == 1
    assert "not trusted here" in said(capsys)["faults"][0]
    other = Audited(tmp_path / "other")
    other.write(history()[:5])
    assert other.audit("verify", "--json") == 1
    assert "no signed head" in said(capsys)["faults"][0]


def test_bad_input_gets_a_sentence(audited, tmp_path, capsys):
    junk = tmp_path / "junk.json"
    junk.write_text("{}")
    changed = tmp_path / "changed.json"
    audited.audit("export-head", "--out", changed)
    changed.write_text(changed.read_text().replace('"up_to_seq": 21', '"up_to_seq": 20'))
    for args, words in (
        (["verify", "--head", junk], "no signed head"),
        (["verify", "--head", changed], "it was changed"),
        (["verify", "--head", tmp_path / "none"], "cannot be read"),
        (["verify", "--key", "AAAA-AAAA-AAAA-AAAA"], "never signed with"),
        (["verify", "--key", "nonsense"], "neither a fingerprint"),
        (["export-head", "--out", tmp_path / "none" / "x"], "cannot be written"),
    ):
        capsys.readouterr()
        assert audited.audit(*args) == 1
        assert words in capsys.readouterr().err
    assert main(["--data-dir", str(tmp_path / "nowhere"), "audit", "verify"]) == 1
