"""Counts and the text in which Prometheus reads them."""

import math
import threading

from service.domain.metrics import MOST_SERIES, OTHER, Counter, Histogram, exposition, gauge


def test_a_family_is_written_as_prometheus_reads_it() -> None:
    family = gauge("size", "How\\big\n", [({"name": 'a "b"\\\n'}, 0.5), ({}, 3), ({"name": "n"}, math.inf)])
    assert exposition([family, gauge("empty", "Nothing.", [])]) == (
        '# HELP size How\\\\big\\n\n# TYPE size gauge\nsize{name="a \\"b\\"\\\\\\n"} 0.5\nsize 3\nsize{name="n"} +Inf\n'
    )


def test_numbers_that_are_none_are_written_too() -> None:
    values: list[tuple[dict[str, str], float]] = [({}, math.nan), ({}, -math.inf), ({}, 1e300)]
    assert exposition([gauge("g", "G.", values)]).splitlines()[2:] == ["g NaN", "g -Inf", "g 1e+300"]


def test_the_classes_of_a_histogram_include_all_lower_ones() -> None:
    histogram = Histogram("rows", "Rows.", ("route",), (1.0, 2.5))
    for value in (1, 2, 2.5, 9):
        histogram.observe(value, "a")
    assert exposition([histogram.family()]).splitlines()[2:] == [
        'rows_bucket{route="a",le="1"} 1',
        'rows_bucket{route="a",le="2.5"} 3',
        'rows_bucket{route="a",le="+Inf"} 4',
        'rows_sum{route="a"} 14.5',
        'rows_count{route="a"} 4',
    ]


def test_threads_lose_no_count() -> None:
    counter = Counter("calls", "Calls.", ("route",))

    def count() -> None:
        for _ in range(2_000):
            counter.add("a")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sample.value for sample in counter.family().samples] == [8_000]


def test_nobody_fills_the_memory_with_labels() -> None:
    counter = Counter("calls", "Calls.", ("route",))
    for number in range(MOST_SERIES + 50):
        counter.add(str(number))
    samples = counter.family().samples
    assert len(samples) == MOST_SERIES + 1
    assert [sample.value for sample in samples if sample.labels["route"] == OTHER] == [50]
