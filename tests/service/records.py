"""Decision records as documents: what tests read of what is stored and answered as text."""

from collections.abc import Mapping, Sequence

from service.domain.predictions import Explain, Prediction, Value
from service.modelling.prediction import Basis, predict
from service.modelling.registry import LoadedModel


def predicted(
    model: LoadedModel, rows: Sequence[Mapping[str, Value]], explain: Explain, ids: Sequence[str], basis: Basis
) -> tuple[Prediction, ...]:
    """What `predict` says, read as the document that it is."""
    return tuple(Prediction.model_validate_json(record.text) for record in predict(model, rows, explain, ids, basis))
