"""A share of a core, kept on average and not saved up."""

import pytest

from engine.chores.cpu_budget import CpuBudget


class Work:
    """CPU time that passes as wall time, and rests that pass as wall time alone."""

    def __init__(self, clock, share):
        self.clock, self.cpu, self.rests = clock, 0, []
        self.budget = CpuBudget(share, clock, lambda: self.cpu, self.rest)

    def rest(self, seconds):
        self.rests.append(seconds)
        self.clock.advance(seconds)

    def do(self, seconds, cores=1.0):
        self.clock.advance(seconds)
        self.cpu += round(seconds * cores * 1e9)
        self.budget.pace()


@pytest.mark.parametrize(("share", "cores"), [(0.25, 1.0), (0.1, 1.0), (0.5, 2.0)])
def test_the_share_is_kept(manual_clock, share, cores):
    work = Work(manual_clock, share)
    began = manual_clock.mono_ns()
    for _ in range(200):
        work.do(0.03, cores)
    used = work.cpu / (manual_clock.mono_ns() - began)
    assert used == pytest.approx(share, rel=0.01)
    assert max(work.rests) <= 0.5, "a stop must be heard soon"


def test_work_below_its_share_does_not_rest(manual_clock):
    work = Work(manual_clock, 2.0)
    for _ in range(50):
        work.do(0.03)
    assert sum(work.rests) == 0


def test_what_was_not_used_is_not_saved_up(manual_clock):
    work = Work(manual_clock, 0.25)
    manual_clock.advance(3600)
    work.do(0.01)
    began, used = manual_clock.mono_ns(), work.cpu
    for _ in range(100):
        work.do(1.0)
    share = (work.cpu - used) / (manual_clock.mono_ns() - began)
    assert share == pytest.approx(0.25, abs=0.02)


def test_what_the_rest_raises_comes_through(manual_clock):
    class StopError(Exception):
        pass

    def stop(_):
        raise StopError

    with pytest.raises(StopError):
        CpuBudget(0.5, manual_clock, lambda: 0, stop).pace()
