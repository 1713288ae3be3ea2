"""A rebuild from checkpoint and tail answers as the database did, whatever has gone meanwhile."""

import json
import os
import shutil

import duckdb
import pytest

import engine.journal.journal as journal_module
from engine.base.clock import SystemClock
from engine.journal.dropping import choose_payloads_to_drop, look_at_payloads, unlink_payloads
from engine.journal.head_signing import keep_public_key, sign_head, trusted_keys
from engine.journal.journal import Journal
from engine.journal.parts import find_parts
from engine.journal.payload import JournalledFact, decode_fact, entry_for
from engine.journal.reader import hash_at, read_records
from engine.journal.verify import verify_journal
from engine.store.check import check_footage
from engine.store.checkpoint import find_checkpoints, remove_old_checkpoints
from engine.store.checkpoint_writer import draft_checkpoint, publish_checkpoint
from engine.store.repair import rebuild_database
from engine.store.restore import choose_checkpoint, open_or_restore
from engine.store.store import Store
from nvr_app.contract.audit_facts import PayloadsDropped
from nvr_app.contract.custody_facts import FootageProtected, SegmentGarbage
from nvr_app.evidence.signing import Signer
from tests.support.history import DAY_US, NOW, history, path_of

CLOCK = SystemClock()
SIGNER = Signer(bytes(range(32)))
GROUP = 10


class Site:
    """A journal, its database and its keys, as the hub keeps them."""

    def __init__(self, folder):
        self.journal_dir, self.keys = folder / "journal", folder / "keys"
        self.database = folder / "events.duckdb"
        self.journal = Journal(self.journal_dir, CLOCK)
        self.journal.open()
        self.store = Store(self.database, export_dir=self.journal_dir / "checkpoints")
        self.store.open()
        self.number = 0

    def take(self, facts):
        for start in range(0, len(facts), GROUP):
            self._take_group(facts[start : start + GROUP])

    def _take_group(self, facts):
        journalled = []
        for fact in facts:
            self.number += 1
            journalled.append(
                JournalledFact(site="s", node="n", producer="p", number=self.number, fact=fact)
            )
        seqs = self.journal.append([entry_for(fact) for fact in journalled])
        self.store.apply(list(zip(seqs, journalled, strict=True)))

    def checkpoint(self, signer=SIGNER):
        folder, signed = self._checkpoint(signer)
        self.take([signed])
        return folder

    def checkpoint_only(self):
        """Without the record of it."""
        return self._checkpoint(SIGNER)[0]

    def _checkpoint(self, signer):
        keep_public_key(self.keys, SIGNER.public_key)
        draft = draft_checkpoint(
            self.store.cursor(), self.journal_dir, lambda seq: hash_at(self.journal_dir, seq)
        )
        signed = sign_head(
            signer, wall_us=NOW, up_to_seq=draft.manifest.up_to_seq, head=draft.manifest.head,
            checkpoint=draft.name, checkpoint_hash=draft.manifest_hash,
        )  # fmt: skip
        return publish_checkpoint(draft, signed), signed

    def drop_old_payloads(self, days=5):
        keep = {"media": days * DAY_US, "events": days * DAY_US, "system": days * DAY_US}
        covered = int(find_checkpoints(self.journal_dir)[-1].name)
        for path in self.journal_dir.glob("*.payload.zst"):
            os.utime(path, (0, 0))
        chosen = choose_payloads_to_drop(
            look_at_payloads(self.journal_dir, keep, NOW), keep, NOW, covered
        )
        for drop in chosen:
            self.take([PayloadsDropped(wall_us=NOW, retention_class=drop.retention_class,
                                       before_wall_us=drop.before_wall_us,
                                       payloads=drop.payloads)])  # fmt: skip
            unlink_payloads(self.journal_dir, drop)
        return sum(drop.payloads for drop in chosen)

    def close(self):
        self.store.close()
        self.journal.close()

    def rebuild(self):
        self.close()
        return rebuild_database(self.journal_dir, self.database, self.keys)


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "SEAL_BYTES", 3_000)
    made = Site(tmp_path)
    yield made
    made.close()


def all_tables(database):
    """Every row of every table; those are what any question is answered from."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
        return {
            name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}").fetchall()))
            for (name,) in names
        }


def test_checkpoint_and_tail_give_the_same_tables_though_payloads_have_gone(site):
    facts = history()
    half = len(facts) // 2
    site.take(facts[:half])
    site.checkpoint()
    site.take(facts[half : half + 20])
    site.checkpoint()
    site.take(facts[half + 20 :])
    assert site.drop_old_payloads() > 50
    site.close()
    before = all_tables(site.database)
    assert min(len(rows) for name, rows in before.items() if name != "producers") > 0
    rebuilt = rebuild_database(site.journal_dir, site.database, site.keys)
    assert all_tables(site.database) == before
    assert (rebuilt.refused_checkpoints, rebuilt.without_payload) == ((), 0)
    assert int(rebuilt.checkpoint) == int(find_checkpoints(site.journal_dir)[0].name)
    assert 0 < rebuilt.records < len(facts) - half
    assert verify_journal(site.journal_dir).faults == ()
    assert verify_journal(site.journal_dir).dropped_payloads > 50


def test_an_emptied_database_is_filled_again_at_its_next_opening(site):
    site.take(history())
    site.checkpoint()
    site.drop_old_payloads()
    site.close()
    before = all_tables(site.database)
    site.database.unlink()
    store = Store(site.database)
    opening, restored = open_or_restore(store, site.journal_dir, site.keys)
    assert restored.up_to_seq == opening.applied_seq > 0
    for record in read_records(site.journal_dir, after_seq=opening.applied_seq):
        store.apply([(record.seq, decode_fact(record.payload))])
    store.close()
    assert all_tables(site.database) == before


def test_what_was_deleted_or_anonymised_stays_so_from_the_journal_alone_too(site):
    site.take(history())
    site.close()
    before = all_tables(site.database)
    rebuilt = rebuild_database(site.journal_dir, site.database, site.keys)
    assert rebuilt.checkpoint == ""
    assert all_tables(site.database) == before
    events = "".join(before["events"])
    assert "''" in events  # anonymised ones have lost their pictures, and are still there


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x01
    path.write_bytes(bytes(data))


def rewrite_manifest(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][0]["rows"] = 0
    (folder / "manifest.json").write_text(json.dumps(manifest))


DAMAGES = {
    "a flipped bit": (lambda folder: flip(folder / "events.parquet"), "events.parquet was changed"),
    "a file less": (lambda folder: (folder / "gaps.parquet").unlink(), "gaps.parquet cannot be"),
    "a torn file": (lambda folder: os.truncate(folder / "runs.parquet", 9), "runs.parquet was"),
    "another manifest": (rewrite_manifest, "not the one that was signed"),
    "no signature": (lambda folder: (folder / "signed.json").unlink(), "cannot be read"),
    "a changed signature": (
        lambda folder: (folder / "signed.json").write_text(
            (folder / "signed.json").read_text().replace('"wall_us":', '"wall_us":1')
        ),
        "its signature",
    ),
}


def test_a_damaged_checkpoint_is_refused_by_name_and_the_older_one_used(site, tmp_path):
    facts = history()
    site.take(facts[:100])
    older = site.checkpoint()
    site.take(facts[100:])
    newer = site.checkpoint()
    sound = shutil.copytree(newer, tmp_path / "sound")
    for name, (hurt, words) in DAMAGES.items():
        hurt(newer)
        chosen, (refusal,) = choose_checkpoint(site.journal_dir, site.keys)
        assert chosen.name == older.name, name
        assert newer.name in refusal, name
        assert words in refusal, name
        shutil.rmtree(newer)
        shutil.copytree(sound, newer)
    flip(newer / "events.parquet")
    site.close()
    before = all_tables(site.database)
    rebuilt = rebuild_database(site.journal_dir, site.database, site.keys)
    assert (rebuilt.checkpoint, len(rebuilt.refused_checkpoints)) == (older.name, 1)
    assert all_tables(site.database) == before
    shutil.rmtree(older)
    assert rebuild_database(site.journal_dir, site.database, site.keys).checkpoint == ""
    assert all_tables(site.database) == before


def test_a_checkpoint_of_another_key_or_another_journal_is_refused(site, tmp_path):
    site.take(history()[:50])
    foreign = site.checkpoint(Signer(bytes(32)))
    chosen, (refusal,) = choose_checkpoint(site.journal_dir, site.keys)
    assert chosen is None
    assert "no key of this engine" in refusal
    shutil.rmtree(foreign)
    other = Site(tmp_path / "other")
    other.take(history()[:60])
    stray = other.checkpoint()
    other.close()
    site.take(history()[50:])
    shutil.copytree(stray, site.journal_dir / "checkpoints" / stray.name)
    chosen, (refusal,) = choose_checkpoint(site.journal_dir, site.keys)
    assert chosen is None
    assert "the journal has another record" in refusal


def test_a_key_under_a_wrong_name_is_not_trusted(tmp_path):
    keep_public_key(tmp_path, SIGNER.public_key)
    (path,) = tmp_path.iterdir()
    path.rename(tmp_path / "ABCD-ABCD-ABCD-ABCD.pem")
    (tmp_path / "junk.pem").write_text("junk")
    assert trusted_keys(tmp_path) == {}


def test_old_checkpoints_and_half_written_ones_go(site):
    facts = history()
    for n in range(4):
        site.take(facts[n * 20 : n * 20 + 20])
        site.checkpoint()
    names = [path.name for path in find_checkpoints(site.journal_dir)]
    (site.journal_dir / "checkpoints" / "draft.tmp").mkdir()
    assert remove_old_checkpoints(site.journal_dir, keep=2) == names[2:]
    left = sorted(path.name for path in (site.journal_dir / "checkpoints").iterdir())
    assert left == sorted(names[:2])


def test_the_index_may_write_checkpoints_and_nothing_else_outside(site, tmp_path):
    for place in (tmp_path / "x.parquet", site.journal_dir / "checkpoints" / ".." / "x.parquet"):
        with pytest.raises(duckdb.Error, match="disabled"):
            site.store.cursor().execute(f"COPY events TO '{place}' (FORMAT parquet)")
    with pytest.raises(duckdb.Error, match="locked"):
        site.store.cursor().execute("SET allowed_directories = ['/']")


def write(root, path, size):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)


@pytest.fixture
def footage(site, tmp_path):
    """Files where the history says that footage lies, and two days of payloads left."""
    roots = {name: tmp_path / "roots" / name for name in ("hot", "warm", "cold")}
    for root in roots.values():
        root.mkdir(parents=True)
    site.take(history())
    site.checkpoint()
    site.drop_old_payloads(days=2)
    for day in range(11):
        write(roots["hot"], path_of("b", day), 1_000)
        match day % 6:
            case 1:
                write(roots["warm"], path_of("a", day), 700)
            case 2:
                write(roots["cold"], path_of("a", day), 700)
                write(roots["hot"], path_of("a", day), 1_000)  # not unlinked yet
            case 3:
                write(roots["hot"], path_of("a", day), 1_000)
            case 4 | 5:
                write(roots["hot"], path_of("a", day), 1_000)
    site.close()
    return site, roots


def test_check_proves_what_moved_and_what_waits_to_be_unlinked(footage):
    site, roots = footage
    report = check_footage(site.journal_dir, roots, keys_dir=site.keys)
    assert report.is_sound, report
    assert [one.camera_id for one in report.open_segments] == ["b"]
    assert report.segments == 11 + 7  # of `a`, two were deleted and two are garbage
    assert report.garbage == 2 + 2
    assert report.checkpoint
    (roots["warm"] / path_of("a", 1)).unlink()
    os.truncate(roots["cold"] / path_of("a", 2), 600)
    write(roots["hot"], path_of("a", 0), 1_000)  # deleted long ago: it is back
    report = check_footage(site.journal_dir, roots, keys_dir=site.keys)
    assert [(one.root, one.path) for one in report.missing] == [("warm", path_of("a", 1))]
    assert [one.path for one, _ in report.wrong_size] == [path_of("a", 2)]
    assert [one.path for one in report.orphans] == [path_of("a", 0)]


def test_a_copy_that_was_cut_short_is_no_stranger(footage):
    site, roots = footage
    write(roots["warm"], path_of("a", 3), 1_000)  # the journal was never told of it
    anew = path_of("a", 4).replace(".mp4", ".hevc.mp4")
    write(roots["hot"], anew, 300)
    report = check_footage(site.journal_dir, roots, keys_dir=site.keys)
    assert report.is_sound
    assert {(one.root, one.path) for one in report.copies} == {
        ("warm", path_of("a", 3)), ("hot", anew),
    }  # fmt: skip
    (roots["hot"] / path_of("a", 3)).unlink()  # the only file left is no mere copy
    report = check_footage(site.journal_dir, roots, keys_dir=site.keys)
    assert [one.path for one in report.orphans] == [path_of("a", 3)]


def test_footage_in_a_bucket_is_counted_and_neither_missing_nor_unknown(footage):
    site, roots = footage
    del roots["cold"]
    report = check_footage(site.journal_dir, roots, keys_dir=site.keys, buckets=frozenset({"cold"}))
    assert report.is_sound
    assert report.in_buckets == 2


def test_footage_on_a_root_that_is_not_there_is_not_missing(footage):
    site, roots = footage
    shutil.rmtree(roots["cold"])
    del roots["warm"]
    report = check_footage(site.journal_dir, roots, keys_dir=site.keys)
    assert not report.is_sound
    assert (report.missing, report.unreachable) == ([], 2 + 2)
    assert len(report.unreadable_roots) == 2
    assert "2 segments lie there" in report.unreadable_roots[1]


def test_protected_footage_that_goes_is_told(site, tmp_path):
    def by_hand(day):
        return SegmentGarbage(wall_us=NOW, camera_id="b", segment_id=f"{day:08x}-1b", root="hot",
                              path=path_of("b", day), reason="by hand")  # fmt: skip

    (tmp_path / "hot").mkdir()
    site.take(history()[:60])
    site.take([by_hand(1)])
    assert check_footage(site.journal_dir, {"hot": tmp_path / "hot"}).unlawful == []
    protect = FootageProtected(wall_us=NOW, protection_id="p", start_wall_us=0, end_wall_us=NOW,
                               reason="theft", actor="x")  # fmt: skip
    site.take([protect, by_hand(0)])
    report = check_footage(site.journal_dir, {"hot": tmp_path / "hot"})
    assert [one.segment_id for one in report.unlawful] == ["00000000-1b"]
    assert not report.is_sound


def test_parts_are_listed_with_their_classes(site):
    site.take(history()[:60])
    for part in find_parts(site.journal_dir):
        assert set(part.classes) == {
            path.name.split(".")[1]
            for path in site.journal_dir.glob(f"{part.first_seq:012d}.*.payload*")
        }


def test_rows_that_do_not_fit_the_tables_cost_one_checkpoint_not_the_database(site):
    site.take(history()[:60])
    older = site.checkpoint()
    site.take(history()[60:])
    site.close()
    before = all_tables(site.database)
    copy = site.database.with_name("odd.duckdb")
    shutil.copy(site.database, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("ALTER TABLE gaps DROP reason")
    odd = Store(copy, export_dir=site.journal_dir / "checkpoints")
    odd.open()
    site.store = odd
    newer = site.checkpoint_only()
    odd.close()
    rebuilt = rebuild_database(site.journal_dir, site.database, site.keys)
    assert rebuilt.checkpoint == older.name
    (refusal,) = rebuilt.refused_checkpoints
    assert newer.name in refusal
    assert "does not fit the tables" in refusal
    assert all_tables(site.database) == before
