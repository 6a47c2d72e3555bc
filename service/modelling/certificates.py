"""Proofs about a loaded version, as documents; and those about formulas, which need the splines before them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kan.certification.differences import certify_difference
from kan.model import FittedModel
from service.domain.certificates import Certificate, Certificates
from service.domain.documents import from_stored
from service.domain.feature_schema import Direction
from service.modelling.registry import LoadedModel

SIGNS: Mapping[Direction, int] = {"increasing": 1, "decreasing": -1}
DIRECTIONS: Mapping[int | None, str | None] = {1: "increasing", -1: "decreasing", 0: "none", None: None}


def describe_certificates(model: LoadedModel, expected: Mapping[str, Direction]) -> Certificates:
    """Ranges, directions and largest slopes, computed at the first call; and what the training proved of formulas."""
    signs = {name: SIGNS[direction] for name, direction in expected.items()}
    proofs = [asdict(proof) for proof in model.certificates(signs)]
    stored = model.fitted.training.get("formula_certificates", [])
    return Certificates(certificates=tuple(_certificate(one, expected) for one in [*proofs, *stored]))


def formula_certificates(splines: FittedModel, formulas: FittedModel) -> list[dict[str, Any]]:
    """How far formulas are from the splines that they replaced, for a record: without times, which differ by run."""
    return [asdict(proof) | {"seconds": None} for proof in certify_difference(splines, formulas)]


def _certificate(proof: Mapping[str, Any], expected: Mapping[str, Direction]) -> Certificate:
    wanted = expected.get(proof["feature"]) if proof["fact"] == "monotone" else None
    decided = {"proved": True, "refuted": False}.get(proof["outcome"])
    described = {
        **proof,
        "direction": DIRECTIONS[proof["direction"]],
        "expected": wanted,
        "holds": None if wanted is None else decided,
    }
    return from_stored(Certificate, described)
