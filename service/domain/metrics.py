"""What the service counts about itself, and the text in which Prometheus reads it (exposition format 0.0.4).

Labels name routes, versions and features, never people, keys or values of rows. A family holds at most `MOST_SERIES`
combinations of labels; what comes after that is counted under the label `other`, so that nobody can fill the memory.
"""

import math
import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MOST_SERIES = 1_000
OTHER = "other"
#: Upper ends, in seconds, of the classes in which the time of an answer is counted.
LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: Upper ends of the classes in which the rows of a call are counted.
BATCH_ROWS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0, 100_000.0)

Labels = tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """One number of a family: what is appended to its name, its labels, the number."""

    suffix: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Family:
    """The numbers of one name."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    samples: Sequence[Sample]


def gauge(name: str, meaning: str, values: Iterable[tuple[Mapping[str, str], float]]) -> Family:
    """A family of numbers that rise and fall."""
    return Family(name, "gauge", meaning, [Sample("", labels, value) for labels, value in values])


def exposition(families: Iterable[Family]) -> str:
    """The text of families; one without a number is left away."""
    lines: list[str] = []
    for family in families:
        if family.samples:
            lines += [f"# HELP {family.name} {_escaped(family.meaning)}", f"# TYPE {family.name} {family.kind}"]
            lines += [_line(family.name, sample) for sample in family.samples]
    return "".join(f"{line}\n" for line in lines)


def _line(name: str, sample: Sample) -> str:
    labels = ",".join(f'{label}="{_escaped(value, quoted=True)}"' for label, value in sample.labels.items())
    braces = f"{{{labels}}}" if labels else ""
    return f"{name}{sample.suffix}{braces} {_number(sample.value)}"


def _escaped(text: str, *, quoted: bool = False) -> str:
    escaped = text.replace("\\", r"\\").replace("\n", r"\n")
    return escaped.replace('"', r"\"") if quoted else escaped


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


class Counter:
    """Numbers that only grow, one for each combination of labels; threads may count at once."""

    def __init__(self, name: str, meaning: str, labels: Labels) -> None:
        self._name, self._meaning, self._labels = name, meaning, labels
        self._lock = threading.Lock()
        self._values: dict[Labels, float] = {}

    def add(self, *labels: str, amount: float = 1) -> None:
        """Count something under these labels."""
        with self._lock:
            place = _place(self._values, labels)
            self._values[place] = self._values.get(place, 0) + amount

    def family(self) -> Family:
        """The numbers by now."""
        with self._lock:
            values = sorted(self._values.items())
        samples = [Sample("", dict(zip(self._labels, labels, strict=True)), value) for labels, value in values]
        return Family(self._name, "counter", self._meaning, samples)


class Histogram:
    """How often something lay in each of some classes, by labels; threads may observe at once."""

    def __init__(self, name: str, meaning: str, labels: Labels, upper_ends: Sequence[float]) -> None:
        self._name, self._meaning, self._labels, self._ends = name, meaning, labels, tuple(upper_ends)
        self._lock = threading.Lock()
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def observe(self, value: float, *labels: str) -> None:
        """Count a value in its class."""
        with self._lock:
            place = _place(self._counts, labels)
            counts = self._counts.setdefault(place, [0] * (len(self._ends) + 1))
            counts[bisect_left(self._ends, value)] += 1
            self._sums[place] = self._sums.get(place, 0.0) + value

    def family(self) -> Family:
        """The numbers by now; classes include all lower ones, as Prometheus wants them."""
        with self._lock:
            found = [(labels, list(counts), self._sums[labels]) for labels, counts in sorted(self._counts.items())]
        samples: list[Sample] = []
        for labels, counts, total in found:
            named = dict(zip(self._labels, labels, strict=True))
            below = 0
            for end, count in zip((*self._ends, math.inf), counts, strict=True):
                below += count
                samples.append(Sample("_bucket", {**named, "le": _number(end)}, below))
            samples += [Sample("_sum", named, total), Sample("_count", named, below)]
        return Family(self._name, "histogram", self._meaning, samples)


def _place(known: Mapping[Labels, object], labels: Labels) -> Labels:
    if labels in known or len(known) < MOST_SERIES:
        return labels
    return (OTHER,) * len(labels)


class Meters:
    """What one process counts while it serves; built once and handed down."""

    def __init__(self) -> None:
        self.requests = Counter(
            "edgewise_http_requests_total",
            "Answers by route and status; 'none' is an address that no route has.",
            ("method", "route", "status"),
        )
        self.seconds = Histogram(
            "edgewise_http_request_seconds",
            "Seconds from the arrival of a request to the end of its answer.",
            ("method", "route"),
            LATENCY_SECONDS,
        )
        self.batch_rows = Histogram(
            "edgewise_prediction_batch_rows", "Rows that were predicted together.", (), BATCH_ROWS
        )
        self.refused = Counter("edgewise_rate_limited_total", "Requests refused by a limit of their key.", ("limit",))

    def families(self) -> list[Family]:
        """Everything counted by now."""
        return [meter.family() for meter in (self.requests, self.seconds, self.batch_rows, self.refused)]
