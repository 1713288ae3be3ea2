import itertools
import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine.journal.journal as journal_module
from engine.base.clock import SystemClock
from engine.journal.journal import Entry, Journal, JournalError
from engine.journal.parts import find_parts
from engine.journal.reader import read_records
from engine.journal.verify import verify_journal

CLOCK = SystemClock()


def entry(n, retention_class="media", size=20):
    return Entry("thing", retention_class, 1_000_000 + n, f"{n:06d}".encode() + b"x" * size)


def opened(folder):
    journal = Journal(folder, CLOCK)
    return journal, journal.open()


def payloads(folder, after=0):
    return [record.payload[:6] for record in read_records(folder, after)]


def test_what_was_appended_is_read_back_in_order_after_reopening(tmp_path):
    journal, recovery = opened(tmp_path)
    assert recovery.last_seq == 0
    assert journal.append([entry(1), entry(2, "events")]) == [1, 2]
    journal.close()
    journal, recovery = opened(tmp_path)
    assert (recovery.last_seq, recovery.torn_bytes, recovery.problems) == (2, 0, ())
    assert journal.append([entry(3)]) == [3]
    journal.close()
    assert payloads(tmp_path) == [b"000001", b"000002", b"000003"]
    assert payloads(tmp_path, after=2) == [b"000003"]
    report = verify_journal(tmp_path)
    assert (report.records, report.last_seq, report.faults) == (3, 3, ())


def test_a_full_part_is_sealed_and_reads_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "SEAL_BYTES", 4_000)
    journal, _ = opened(tmp_path)
    for n in range(60):
        journal.append([entry(n), entry(n + 100, "events")])
    journal.close()
    parts = find_parts(tmp_path)
    assert len(parts) > 3
    assert all(part.is_sealed for part in parts[:-1])
    assert len(payloads(tmp_path)) == 120
    report = verify_journal(tmp_path)
    assert (report.records, report.faults) == (120, ())
    journal, recovery = opened(tmp_path)
    assert recovery.last_seq == 120
    assert journal.append([entry(7)]) == [121]
    journal.close()
    assert verify_journal(tmp_path).faults == ()


def test_a_torn_end_is_cut_off_at_every_byte_of_the_last_group(tmp_path):
    base = tmp_path / "base"
    journal, _ = opened(base)
    journal.append([entry(1), entry(2)])
    sizes = {path.name: path.stat().st_size for path in base.iterdir()}
    journal.append([entry(3)])
    journal.close()
    files = {path.name: path.read_bytes() for path in base.iterdir()}
    chain = "000000000001.chain"
    payload = "000000000001.media.payload"
    # The chain's line comes after its payload is synced: either the payload is torn and there is
    # no line, or the line is torn.
    torn = [(payload, n, sizes[chain]) for n in range(sizes[payload], len(files[payload]))]
    torn += [(chain, n, n) for n in range(sizes[chain], len(files[chain]))]
    for number, (name, size, chain_size) in enumerate(torn):
        folder = tmp_path / str(number)
        folder.mkdir()
        for other, data in files.items():
            (folder / other).write_bytes(data)
        os.truncate(folder / name, size)
        os.truncate(folder / chain, chain_size)
        journal, recovery = opened(folder)
        assert recovery.last_seq == 2, (name, size)
        assert recovery.problems == ()
        assert journal.append([entry(9)]) == [3]
        journal.close()
        assert payloads(folder) == [b"000001", b"000002", b"000009"]
        assert verify_journal(folder).faults == ()


def test_every_flipped_byte_is_found_and_named(tmp_path):
    journal, _ = opened(tmp_path)
    journal.append([entry(n) for n in range(4)])
    journal.close()
    for path in sorted(tmp_path.iterdir()):
        data = path.read_bytes()
        for position in range(0, len(data), 7):
            changed = bytearray(data)
            changed[position] ^= 0x01
            path.write_bytes(bytes(changed))
            faults = verify_journal(tmp_path).faults
            assert faults, (path.name, position)
            assert any("000000000001" in fault for fault in faults)
        path.write_bytes(data)
    assert verify_journal(tmp_path).faults == ()


def test_damage_in_the_middle_is_reported_and_writing_goes_on_in_a_new_part(tmp_path):
    journal, _ = opened(tmp_path)
    journal.append([entry(n) for n in range(5)])
    journal.close()
    chain = tmp_path / "000000000001.chain"
    data = bytearray(chain.read_bytes())
    data[data.index(b"\n") + 40] ^= 0x01
    chain.write_bytes(bytes(data))
    journal, recovery = opened(tmp_path)
    assert len(recovery.problems) == 1
    assert "000000000001.chain" in recovery.problems[0]
    assert journal.append([entry(77)]) == [6]
    journal.close()
    assert payloads(tmp_path)[-1] == b"000077"
    assert chain.read_bytes() == bytes(data)


def test_a_sealed_part_that_cannot_be_unpacked_is_named_and_writing_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "SEAL_BYTES", 1)
    journal, _ = opened(tmp_path)
    journal.append([entry(1), entry(2)])
    journal.append([entry(3)])
    journal.close()
    damaged = tmp_path / "000000000003.chain.zst"
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 0xFF
    damaged.write_bytes(bytes(data))
    journal, recovery = opened(tmp_path)
    assert len(recovery.problems) == 1
    assert damaged.name in recovery.problems[0]
    (seq,) = journal.append([entry(77)])
    journal.close()
    assert seq > 3
    assert damaged.read_bytes() == bytes(data)
    assert payloads(tmp_path) == [b"000001", b"000002", b"000077"]
    assert any(damaged.name in fault for fault in verify_journal(tmp_path).faults)


@pytest.mark.skipif(os.name == "nt", reason="RLIMIT_FSIZE is POSIX")
def test_a_full_disk_refuses_the_group_and_takes_it_later(tmp_path):
    import resource

    journal, _ = opened(tmp_path)
    journal.append([entry(1)])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, old[1]))
        with pytest.raises(JournalError, match="free space"):
            journal.append([entry(n, size=400) for n in range(2, 12)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, ignored)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert journal.append([entry(2, size=400)]) == [2]
    journal.close()
    assert verify_journal(tmp_path).faults == ()


WRITER = """
import sys
from pathlib import Path
from engine.base.clock import SystemClock
from engine.journal.journal import Entry, Journal
journal = Journal(Path(sys.argv[1]), SystemClock())
journal.open()
n = 0
while True:
    seqs = journal.append([Entry("thing", "media", n, f"{n + k:06d}".encode()) for k in range(3)])
    n += 3
    print(seqs[-1], flush=True)
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path):
    for round_number in range(5):
        folder = tmp_path / str(round_number)
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
        ) as writer:
            acknowledged = [
                int(line) for line in itertools.islice(writer.stdout, 20 + round_number)
            ]
            writer.kill()
            acknowledged += [int(line) for line in writer.stdout.read().split()]
        journal, recovery = opened(folder)
        journal.close()
        assert recovery.last_seq >= acknowledged[-1]
        assert recovery.problems == ()
        assert verify_journal(folder).faults == ()
        assert len(payloads(folder)) == recovery.last_seq


@settings(max_examples=25, deadline=None)
@given(
    groups=st.lists(
        st.lists(st.tuples(st.sampled_from(["media", "events", "system"]), st.binary(max_size=300)),
                 min_size=1, max_size=5),
        max_size=8,
    ),
    reopen=st.lists(st.booleans(), min_size=8, max_size=8),
)  # fmt: skip
def test_any_sequence_of_appends_and_reopens_reads_back(tmp_path_factory, groups, reopen):
    folder = tmp_path_factory.mktemp("journal")
    journal, _ = opened(folder)
    expected = []
    for group, is_reopened in zip(groups, reopen, strict=False):
        journal.append([Entry("thing", name, 5, payload) for name, payload in group])
        expected += [(name, payload) for name, payload in group]
        if is_reopened:
            journal.close()
            journal, _ = opened(folder)
    journal.close()
    found = [(record.retention_class, record.payload) for record in read_records(folder)]
    assert found == expected
    assert verify_journal(folder).faults == ()
