from device.mqtt.pace import Pace


class Ticker:
    def __init__(self) -> None:
        self.time_s = 0.0

    def __call__(self) -> float:
        return self.time_s


def test_in_the_long_run_no_more_go_than_the_rate_allows():
    ticker = Ticker()
    pace = Pace(100.0, now_s=ticker)
    gone = 0
    while ticker.time_s < 10.0:
        gone += pace.take()
        ticker.time_s += 0.001
    assert 1000 <= gone <= 1011


def test_whoever_is_refused_may_go_at_the_time_that_is_named():
    ticker = Ticker()
    pace = Pace(0.5, now_s=ticker)
    assert pace.take()
    assert not pace.take()
    assert pace.ready_at_s == 2.0
    ticker.time_s = pace.ready_at_s
    assert pace.take()


def test_a_pause_is_not_made_up_for_by_a_flood():
    ticker = Ticker()
    pace = Pace(100.0, now_s=ticker)
    ticker.time_s = 3600.0
    assert sum(pace.take() for _ in range(1000)) == 10
