"""Who is lost: whose pulse stands still by this process's own clock, whatever other clocks say; and who must stop."""

import queue

import pytest

from service.errors import Unavailable
from service.operations.resources import Resources
from service.operations.workers import Pulse, start_worker
from service.storage.migration import downgrade
from service.worker import heartbeat
from service.worker.heartbeat import Heartbeat, Silence


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


def test_a_worker_whose_database_was_moved_to_another_release_stops_with_a_sentence(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    refusals: queue.Queue[Unavailable] = queue.Queue()
    pulse = Heartbeat(resources, start_worker(resources, resources.settings.worker_name), refusals.put)
    downgrade(resources.settings.resolved_database_url, "-1")
    pulse.start()
    refusal = refusals.get(timeout=30)
    pulse.stop()
    assert refusal.code == "database_not_migrated"
    assert "Run 'edgewise migrate'" in refusal.message
