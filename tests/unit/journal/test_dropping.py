"""Payloads go in their time, class by class, and the chain proves that they were let go."""

import os

import pytest

import engine.journal.journal as journal_module
from engine.base.clock import SystemClock
from engine.journal.dropping import (
    PartPayloads,
    choose_payloads_to_drop,
    look_at_payloads,
    unlink_payloads,
)
from engine.journal.journal import Entry, Journal
from engine.journal.parts import Part, find_parts
from engine.journal.payload import JournalledFact, entry_for
from engine.journal.reader import read_records
from engine.journal.verify import verify_journal
from nvr_app.contract.audit_facts import PayloadsDropped

CLOCK = SystemClock()
NOW = CLOCK.wall_us()
DAY = 86_400_000_000
KEEP = {"media": 90 * DAY, "events": 365 * DAY}


def thing(age_days, retention_class="media"):
    return Entry("thing", retention_class, NOW - age_days * DAY, b"payload")


@pytest.fixture
def old_journal(tmp_path, monkeypatch):
    """Parts of two records each: 400, 100 and 10 days old, the last one still open."""
    monkeypatch.setattr(journal_module, "SEAL_BYTES", 1)
    journal = Journal(tmp_path, CLOCK)
    journal.open()
    for age in (400, 100, 10):
        journal.append([thing(age), thing(age, "events")])
    monkeypatch.setattr(journal_module, "SEAL_BYTES", 10**9)
    journal.append([thing(0)])
    for part, age in zip(find_parts(tmp_path), (400, 100, 10, 0), strict=True):
        for path in part.payload_paths().values():
            written_s = (NOW - age * DAY) / 1e6
            os.utime(path, (written_s, written_s))
    yield journal
    journal.close()


def drop(journal, folder, covered_seq=10**9):
    drops = choose_payloads_to_drop(look_at_payloads(folder, KEEP, NOW), KEEP, NOW, covered_seq)
    for chosen in drops:
        fact = PayloadsDropped(
            wall_us=NOW, retention_class=chosen.retention_class,
            before_wall_us=chosen.before_wall_us, payloads=chosen.payloads,
        )  # fmt: skip
        journal.append(
            [entry_for(JournalledFact(site="s", node="n", producer="hub", number=1, fact=fact))]
        )
        unlink_payloads(folder, chosen)
    return {chosen.retention_class: chosen.payloads for chosen in drops}


def test_each_class_goes_in_its_time_and_the_chain_verifies(old_journal, tmp_path):
    assert drop(old_journal, tmp_path) == {"media": 2, "events": 1}
    kept = [record.payload is not None for record in read_records(tmp_path)]
    assert kept == [False, False, False, True, True, True, True, True, True]
    report = verify_journal(tmp_path)
    assert (report.records, report.dropped_payloads, report.faults) == (9, 3, ())
    assert drop(old_journal, tmp_path) == {}


def test_a_crash_between_record_and_unlink_is_made_good(old_journal, tmp_path):
    chosen = choose_payloads_to_drop(look_at_payloads(tmp_path, KEEP, NOW), KEEP, NOW, 10**9)
    assert [c.retention_class for c in chosen] == ["events", "media"]
    chosen[1].files[0].part.payload_path("media").unlink()  # one of two went, then the power did
    assert drop(old_journal, tmp_path) == {"media": 1, "events": 1}
    assert verify_journal(tmp_path).faults == ()


def test_a_payload_file_that_vanished_without_a_record_is_a_fault(old_journal, tmp_path):
    drop(old_journal, tmp_path)
    find_parts(tmp_path)[2].payload_path("media").unlink()  # ten days old: nobody let it go
    find_parts(tmp_path)[1].payload_path("events").unlink()
    report = verify_journal(tmp_path)
    assert report.dropped_payloads == 3
    assert len(report.faults) == 2
    assert "no record says that those of events were dropped" in report.faults[0]
    assert "000000000005.media.payload.zst" in report.faults[1]


def test_what_no_checkpoint_holds_is_kept(old_journal, tmp_path):
    assert drop(old_journal, tmp_path, covered_seq=3) == {"media": 1, "events": 1}
    assert drop(old_journal, tmp_path, covered_seq=4) == {"media": 1}


def row(newest_age_days, retention_class="media", last_seq=10):
    part = Part(None, 1, is_sealed=True)
    return PartPayloads(part, retention_class, last_seq, 5, NOW - newest_age_days * DAY)


@pytest.mark.parametrize(
    ("file", "is_due"),
    [
        (row(91), True),
        (row(90), False),
        (row(89), False),
        (row(-5), False),
        (row(91, last_seq=11), False),
        (row(364, "events"), False),
        (row(366, "events"), True),
        (row(9_999, "audit"), False),
    ],
)
def test_what_is_due(file, is_due):
    chosen = choose_payloads_to_drop([file], KEEP, NOW, covered_seq=10)
    assert [drop.files for drop in chosen] == ([(file,)] if is_due else [])


def test_a_clock_that_stood_wrong_ages_nothing_early(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "SEAL_BYTES", 1)
    journal = Journal(tmp_path, CLOCK)
    journal.open()
    journal.append([Entry("thing", "media", 5, b"1970, said the host's clock")])
    journal.close()
    assert look_at_payloads(tmp_path, KEEP, NOW) == []
