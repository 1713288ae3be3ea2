from hypothesis import given
from hypothesis import strategies as st

from engine.base.backoff import CAMERA_REFUSED, BackoffPolicy


@given(st.integers(min_value=0, max_value=10_000))
def test_delays_grow_to_the_ceiling_and_never_beyond(failures):
    policy = BackoffPolicy()
    delay = policy.delay_s(failures)
    assert 0 <= delay <= policy.ceiling_s * (1 + policy.jitter)


def test_the_first_retry_is_immediate_then_the_plans_five_seconds():
    policy = BackoffPolicy(jitter=0.0)
    assert [policy.delay_s(n) for n in range(1, 9)] == [0, 5, 10, 20, 40, 80, 160, 300]


def test_a_refused_password_is_never_hammered():
    assert all(CAMERA_REFUSED.delay_s(n) >= 30 for n in range(1, 20))
