from engine.ingest.loss import LossCounter


def fed(times):
    counter = LossCounter()
    counter.begin(30)
    for t in times:
        counter.take(t)
    return counter


def test_a_complete_stream_has_no_loss():
    lost, percent = fed(range(0, 33_333 * 300, 33_333)).report()
    assert (lost, percent) == (0, 0.0)


def test_holes_are_counted_as_the_pictures_that_fit_into_them():
    times = [n * 33_333 for n in range(200) if n not in {100, 101, 150}]
    lost, percent = fed(times).report()
    assert lost == 3
    assert percent == 1.5


def test_a_report_starts_anew():
    counter = fed([n * 40_000 for n in range(100) if n != 60])
    assert counter.report()[0] == 1
    assert counter.report() == (0, 0.0)


def test_a_variable_rate_is_not_taken_for_loss():
    times, now = [], 0
    for n in range(200):
        now += 33_000 if n % 3 else 90_000
        times.append(now)
    assert fed(times).report()[0] == 0
