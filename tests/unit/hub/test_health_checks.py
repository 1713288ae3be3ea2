import asyncio
import time

from engine.base.errors import EngineError
from engine.hub.health_checks import Check, Finding, run_all


async def good():
    await asyncio.sleep(0.1)
    return Finding("pass", "fine", {"n": 1})


async def stuck():
    await asyncio.sleep(30)
    return Finding("pass", "never said")


async def broken():
    raise EngineError("the disk is gone")


def test_checks_run_side_by_side_and_a_stuck_one_delays_only_its_own_answer():
    checks = (
        Check("stuck", 0.2, stuck),
        Check("broken", 1.0, broken),
        *(Check(f"good{n}", 2.0, good) for n in range(20)),
    )
    started_s = time.monotonic()
    results = asyncio.run(run_all(checks))
    assert time.monotonic() - started_s < 15  # not the thirty of the stuck one
    assert list(results) == [check.name for check in checks]
    assert (results["stuck"].status, results["stuck"].message) == (
        "fail", "no answer within 0.2 s",
    )  # fmt: skip
    assert results["stuck"].response_time_ms >= 195
    assert (results["broken"].status, results["broken"].message) == ("fail", "the disk is gone")
    assert results["good3"].status == "pass"
    assert results["good3"].details == {"n": 1}
    assert 95 <= results["good3"].response_time_ms < 15_000
