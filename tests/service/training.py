"""A small table with a known pattern, and trainings of it that are computed once for a test session.

Training is determined by its inputs, so a training that was computed before is answered from memory, with the
progress that it reported then: the tests see the real function's results at the price of one call.
"""

import random
from collections.abc import Callable

from service.domain.feature_schema import FeatureSchema, TrainingColumns
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.modelling.stages import StageFiles
from service.modelling.trained_versions import TrainedVersion
from service.modelling.training import train

#: Enough steps to learn the pattern, few enough to take a fraction of a second.
QUICK = TrainingConfiguration(grid_size=3, steps=25, symbolify=False)
ROW = {"age": 41.0, "purpose": "car", "income": None}


def credit_csv(rows: int = 120) -> bytes:
    """Applicants: numbers, categories, gaps, a protected column; defaults follow age and purpose."""
    chance = random.Random(7)  # noqa: S311 - a table for tests, not a secret
    lines = ["age,purpose,income,sex,default"]
    for _ in range(rows):
        age, purpose = chance.randint(18, 80), chance.choice(["car", "home", "trip"])
        income = "" if chance.random() < 0.2 else f"{chance.uniform(900, 9000):.2f}"
        risk = (45 - age) / 10 + (1.5 if purpose == "trip" else 0) + chance.gauss(0, 1)
        lines.append(f"{age},{purpose},{income},{chance.choice('fm')},{'yes' if risk > 0 else 'no'}")
    return ("\n".join(lines) + "\n").encode()


class RememberedTrainings:
    """The real training, computed once for each of its inputs."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, str], tuple[TrainedVersion, list[Progress]]] = {}

    def __call__(
        self,
        parquet: bytes,
        schema: FeatureSchema,
        columns: TrainingColumns,
        configuration: TrainingConfiguration,
        report: Callable[[Progress], None],
        files: StageFiles | None = None,  # noqa: ARG002 - what is remembered is not interrupted
    ) -> TrainedVersion:
        inputs = (parquet, f"{schema.model_dump_json()} {columns.model_dump_json()} {configuration.model_dump_json()}")
        if inputs not in self._known:
            events: list[Progress] = []
            self._known[inputs] = train(parquet, schema, columns, configuration, events.append), events
        trained, events = self._known[inputs]
        for event in events:
            report(event)
        return trained
