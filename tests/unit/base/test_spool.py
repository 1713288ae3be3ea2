from hypothesis import given, settings
from hypothesis import strategies as st

from engine.base.spool import Spool
from nvr_app.contract.events import SystemNoted


def fact(text):
    return SystemNoted(wall_us=1, source="test", severity="info", text=text)


def reopened(path):
    spool = Spool(path)
    spool.start()
    return spool


def test_facts_outlive_the_process_and_numbers_go_on(tmp_path):
    spool = reopened(tmp_path / "a.spool")
    assert [spool.append(fact(str(n))) for n in range(3)] == [1, 2, 3]
    spool.acknowledge(1)
    spool.close()
    again = reopened(tmp_path / "a.spool")
    assert {f.number for f in again.pending(1)} == {2, 3}
    assert again.append(fact("new")) == 4


def test_numbers_go_on_after_everything_was_acknowledged(tmp_path):
    spool = reopened(tmp_path / "a.spool")
    for n in range(5):
        spool.append(fact("x" * 40_000 + str(n)))
    spool.acknowledge(5)
    spool.close()
    again = reopened(tmp_path / "a.spool")
    assert again.pending(0) == ()
    assert again.append(fact("next")) == 6


def test_a_lost_spool_never_reuses_a_number_that_the_hub_knows(tmp_path):
    spool = reopened(tmp_path / "a.spool")
    spool.acknowledge(41)
    assert spool.append(fact("x")) == 42


@given(st.integers(min_value=1, max_value=200))
@settings(max_examples=40)
def test_a_torn_tail_loses_the_last_record_alone(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("spool") / "a.spool"
    spool = reopened(path)
    for n in range(10):
        spool.append(fact("some text " + str(n)))
    spool.close()
    data = path.read_bytes()
    last = len(data) // 10
    path.write_bytes(data[: len(data) - min(cut, last - 10)])
    again = reopened(path)
    assert [f.number for f in again.pending(0)] == list(range(1, 10))
    assert again.append(fact("after")) == 10
    again.close()


def test_pending_gives_batches_in_order(tmp_path):
    spool = reopened(tmp_path / "a.spool")
    for n in range(600):
        spool.append(fact(str(n)))
    first = spool.pending(0)
    assert [f.number for f in first] == list(range(1, 257))
    assert spool.pending(first[-1].number)[0].number == 257
    spool.close()
