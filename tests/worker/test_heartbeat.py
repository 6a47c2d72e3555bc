"""Who is lost: whose pulse stands still by this process's own clock, whatever the other clocks say."""

from service.operations.workers import Pulse
from service.worker.heartbeat import Silence


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_worker_is_lost_once_its_pulse_has_stood_still_for_long_enough() -> None:
    clock = Clock()
    silence = Silence(clock)
    pulses = {"first": Pulse("a", 1, has_stopped=False)}
    assert silence.lost(pulses, 20) == frozenset()
    clock.now = 19.0
    assert silence.lost(pulses, 20) == frozenset()
    clock.now = 20.0
    assert silence.lost(pulses, 20) == {"first"}


def test_a_pulse_that_grows_or_begins_anew_is_a_sign_of_life() -> None:
    clock = Clock()
    silence = Silence(clock)
    for beat, incarnation in ((1, "a"), (2, "a"), (0, "b")):
        clock.now += 19.0
        assert silence.lost({"first": Pulse(incarnation, beat, has_stopped=False)}, 20) == frozenset()


def test_a_worker_that_says_goodbye_is_lost_at_once() -> None:
    assert Silence(Clock()).lost({"first": Pulse("a", 7, has_stopped=True)}, 20) == {"first"}
