"""A model as bytes: safetensors, with canonical JSON under one metadata key.

No code is stored, none is run at loading. Tensor names and JSON keys are sorted and floats keep all their digits, so
the same model always gives the same bytes, and the same bytes the same predictions. Whatever is wrong with the bytes,
`load` raises ArtifactCorrupted.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from kan.conformal import Calibration
from kan.constraints import SHAPES
from kan.errors import ArtifactCorrupted, KANError
from kan.features import CATEGORY_LIMIT, CategoricalFeature, Feature, NumericFeature
from kan.layer import LARGEST_DEGREE, LARGEST_GRID_SIZE, LEARNED, SYMBOLIC, ZERO, Layer, LayerInput
from kan.losses import FAMILIES
from kan.model import FittedModel, output_names
from kan.network import Network, layer_input
from kan.symbolic.library import PARAMETERS, SymbolicForm

SCHEMA_VERSION = 1
METADATA_KEY = "kan"
LAYER_TENSORS = ("bias", "kinds", "knots", "weights")


def dump(model: FittedModel) -> bytes:
    """Return the model as bytes; equal models give equal bytes."""
    tensors = {"reference": model.reference.contiguous()}
    if model.covariance_factor is not None:
        tensors["covariance"] = packed(model.covariance_factor)
    for position in range(len(model.network.layers)):
        layer = model.network.layer(position)
        for name in LAYER_TENSORS:
            tensors[f"layers.{position}.{name}"] = getattr(layer, name).detach().contiguous()
        if bool(layer.shapes.any()):
            tensors[f"layers.{position}.shapes"] = layer.shapes.contiguous()
    return save_tensors(dict(sorted(tensors.items())), metadata={METADATA_KEY: _canonical(_description(model))})


def load(data: bytes) -> FittedModel:
    """Return the model that `dump` wrote; raises ArtifactCorrupted for any other bytes."""
    try:
        tensors = {name: tensor.clone() for name, tensor in load_tensors(data).items()}
        return _model(_metadata(data), tensors)
    except ArtifactCorrupted:
        raise
    except KANError as error:
        raise ArtifactCorrupted(str(error)) from error
    except (SafetensorError, AssertionError, RuntimeError) as error:  # what safetensors and torch raise on bad tensors
        raise ArtifactCorrupted("the tensors cannot be read") from error
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise ArtifactCorrupted(f"the description cannot be read ({type(error).__name__})") from error


def digest(data: bytes) -> str:
    """Return "sha256:" and the hexadecimal SHA-256 of the bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _description(model: FittedModel) -> dict[str, Any]:
    calibrated = {} if model.calibration is None else {"calibration": asdict(model.calibration)}
    return {
        **calibrated,
        "schema_version": SCHEMA_VERSION,
        "features": [_feature_description(feature) for feature in model.features],
        "layers": [_layer_description(model.network.layer(at)) for at in range(len(model.network.layers))],
        "family": model.family,
        "target": model.target,
        "classes": list(model.classes),
        "training": model.training,
    }


def _feature_description(feature: Feature) -> dict[str, Any]:
    if isinstance(feature, CategoricalFeature):
        return {"kind": "categorical", "name": feature.name, "categories": list(feature.categories)}
    return {
        "kind": "numeric",
        "name": feature.name,
        "unit": feature.unit,
        "lower": feature.lower,
        "upper": feature.upper,
        "has_missing": feature.has_missing,
    }


def _layer_description(layer: Layer) -> dict[str, Any]:
    symbolic = []
    for target, source in layer.forms:
        form = layer.symbolic_form(target, source)
        if form is not None:
            symbolic.append({"target": target, "source": source, **_form_description(form)})
    return {"grid_size": layer.grid_size, "degree": layer.degree, "base": layer.base, "symbolic": symbolic}


def _form_description(form: SymbolicForm) -> dict[str, Any]:
    return {"function": form.function, "a": form.a, "b": form.b, "c": form.c, "d": form.d, "fixed": list(form.fixed)}


def _metadata(data: bytes) -> dict[str, Any]:
    """Return the JSON under the metadata key; `data` has passed the safetensors reader."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    text = header["__metadata__"][METADATA_KEY]
    description: dict[str, Any] = json.loads(text)
    _require(_canonical(description) == text, "the description is not canonical JSON")
    version = description["schema_version"]
    _require(version == SCHEMA_VERSION, f"schema version {version!r} is not {SCHEMA_VERSION}")
    return description


def _model(description: dict[str, Any], tensors: dict[str, Tensor]) -> FittedModel:
    features = tuple(_feature(one) for one in description["features"])
    _require(len({feature.name for feature in features}) == len(features) > 0, "feature names are not unique")
    reference = _tensor(tensors, "reference", torch.float64)
    _require(reference.ndim == 2 and reference.shape[1] == len(features), "the reference has another width")
    for position, feature in enumerate(features):
        _check_reference(feature, reference[:, position])
    layers: list[Layer] = []
    inputs = [layer_input(feature) for feature in features]
    for position, one in enumerate(description["layers"]):
        layers.append(_layer(inputs, one, f"layers.{position}.", tensors))
        inputs = [LayerInput()] * layers[-1].out_features
    _require(bool(layers), "there are no layers")
    covariance = tensors.pop("covariance", None)
    _require(not tensors, "there are tensors that no layer uses")
    _require(description["family"] in FAMILIES, "the family is unknown")
    _require(isinstance(description["training"], dict), "the training record is not an object")
    classes, family = tuple(_texts(description["classes"])), description["family"]
    expected = {"binomial": len(classes) == 2, "multinomial": len(classes) > 2}.get(family, len(classes) == 0)
    _require(expected and len(set(classes)) == len(classes), "the classes do not fit the family")
    target = _texts([description["target"]])[0]
    model = FittedModel(features, Network(layers), family, target, classes, reference, description["training"])
    _require(len(output_names(model)) == layers[-1].out_features, "the outputs do not fit the family")
    factor = None if covariance is None else _unpacked(covariance, model.network.parameter_count)
    known = description.get("calibration")
    calibration = None if known is None else _calibration(known, max(len(classes), 1))
    return replace(model, covariance_factor=factor, calibration=calibration)


def packed(factor: Float[Tensor, "parameters parameters"]) -> Float[Tensor, " packed"]:
    """Return the lower triangle, row by row."""
    rows, columns = torch.tril_indices(*factor.shape)
    return factor[rows, columns].contiguous()


def _unpacked(triangle: Tensor, size: int) -> Float[Tensor, "parameters parameters"]:
    _require(triangle.dtype == torch.float32, "the covariance is not in single precision")
    _require(triangle.shape == (size * (size + 1) // 2,), "the covariance does not fit the network")
    _require(bool(triangle.isfinite().all()), "the covariance is not finite")
    factor = triangle.new_zeros(size, size)
    rows, columns = torch.tril_indices(size, size)
    factor[rows, columns] = triangle
    return factor


def _calibration(one: dict[str, Any], groups: int) -> Calibration:
    scores, rows = one["scores"], one["rows"]
    _require(len(scores) == len(rows) == groups, "the calibration does not fit the outputs")
    for group, count in zip(scores, rows, strict=True):
        numbers = all(isinstance(score, float) and math.isfinite(score) for score in group)
        _require(numbers and group == sorted(group), "the scores of the calibration are not in order")
        _require(type(count) is int and count >= len(group), "the calibration miscounts its rows")
    return Calibration(tuple(tuple(group) for group in scores), tuple(rows))


def _feature(one: dict[str, Any]) -> Feature:
    name = _texts([one["name"]])[0]
    if one["kind"] == "categorical":
        categories = tuple(_texts(one["categories"]))
        _require(0 < len(categories) <= CATEGORY_LIMIT, f"feature {name!r} has no usable categories")
        _require(len(set(categories)) == len(categories), f"feature {name!r} has a category twice")
        return CategoricalFeature(name, categories)
    _require(one["kind"] == "numeric", f"feature {name!r} is of an unknown kind")
    unit, lower, upper, has_missing = one["unit"], one["lower"], one["upper"], one["has_missing"]
    _require(unit is None or isinstance(unit, str), f"feature {name!r} has no valid unit")
    _require(isinstance(has_missing, bool), f"feature {name!r} does not say whether it has gaps")
    _require(isinstance(lower, float) and isinstance(upper, float), f"feature {name!r} has no domain")
    _require(lower <= upper, f"feature {name!r} has an empty domain")
    return NumericFeature(name, unit, lower, upper, has_missing)


def _check_reference(feature: Feature, column: Tensor) -> None:
    if isinstance(feature, CategoricalFeature):
        valid = (column == column.round()) & (column >= 0) & (column <= len(feature.categories))
    else:
        valid = column.isfinite() | (column.isnan() & feature.has_missing)
    _require(bool(valid.all()), f"the reference of feature {feature.name!r} holds impossible values")


def _layer(inputs: Sequence[LayerInput], one: dict[str, Any], prefix: str, tensors: dict[str, Tensor]) -> Layer:
    grid_size, degree, base = one["grid_size"], one["degree"], one["base"]
    _require(type(grid_size) is int and 1 <= grid_size <= LARGEST_GRID_SIZE, "a grid size is out of range")
    _require(type(degree) is int and 1 <= degree <= LARGEST_DEGREE, "a degree is out of range")
    _require(base in ("silu", "identity", "zero"), "a base function is unknown")
    bias = _tensor(tensors, f"{prefix}bias", torch.float64)
    kinds = _tensor(tensors, f"{prefix}kinds", torch.int8)
    _require(bias.ndim == 1 and kinds.shape == (len(bias), len(inputs)), "a layer has another shape than its kinds")
    layer = Layer(inputs, len(bias), grid_size=grid_size, degree=degree, base=base)
    knots = _tensor(tensors, f"{prefix}knots", torch.float64)
    weights = _tensor(tensors, f"{prefix}weights", torch.float64)
    _require(knots.shape == layer.knots.shape, "the knots have another shape")
    _require(weights.shape == layer.weights.shape, "the weights have another shape")
    _require(all(bool(one.isfinite().all()) for one in (bias, knots, weights)), "a number is not finite")
    _require(bool(((kinds == ZERO) | (kinds == LEARNED) | (kinds == SYMBOLIC)).all()), "an edge has an unknown form")
    shapes = tensors.pop(f"{prefix}shapes", torch.zeros_like(kinds))
    _require(shapes.dtype == torch.int8 and shapes.shape == kinds.shape, "the shapes have another form")
    categorical = list(layer.categorical)
    _require(all(one in SHAPES for one in shapes.unique().tolist()), "an edge is held to an unknown shape")
    _require(not bool(shapes[:, categorical].any()), "a table is held to a shape")
    inner = knots[:, degree : degree + grid_size + 1]
    _require(bool((inner.diff(dim=1) > 0).all() and (knots.diff(dim=1) >= 0).all()), "knots are not increasing")
    with torch.no_grad():
        layer.knots.copy_(knots)
        layer.bias.copy_(bias)
        layer.weights.copy_(weights)
        layer.shapes.copy_(shapes)
    for form in one["symbolic"]:
        target, source = form["target"], form["source"]
        _require(type(target) is int and 0 <= target < len(bias), "a symbolic edge has no target")
        _require(type(source) is int and 0 <= source < len(inputs), "a symbolic edge has no source")
        _require((target, source) not in layer.forms, "an edge has two formulas")
        layer.set_symbolic(target, source, _symbolic_form(form))
    symbolic = {(int(target), int(source)) for target, source in (kinds == SYMBOLIC).nonzero().tolist()}
    _require(symbolic == set(layer.forms), "formulas and forms of the edges disagree")
    layer.kinds.copy_(kinds)
    layer.refresh_mask()
    _require(bool((weights * (1 - layer.mask) == 0).all()), "an unused weight is set")
    return layer


def _symbolic_form(form: dict[str, Any]) -> SymbolicForm:
    numbers = {name: form[name] for name in PARAMETERS}
    _require(all(isinstance(number, float) for number in numbers.values()), "a formula has no numbers")
    _require(isinstance(form["function"], str), "a formula has no function")
    fixed = set(_texts(form["fixed"]))
    _require(fixed <= set(PARAMETERS), "a formula fixes what it does not have")
    return SymbolicForm(form["function"], **numbers, fixed=tuple(name for name in PARAMETERS if name in fixed))


def _tensor(tensors: dict[str, Tensor], name: str, dtype: torch.dtype) -> Tensor:
    tensor = tensors.pop(name)
    _require(tensor.dtype == dtype, f"tensor {name} is not {dtype}")
    return tensor


def _texts(values: Any) -> list[str]:
    _require(isinstance(values, list) and all(isinstance(value, str) for value in values), "a name is not text")
    return list(values)


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise ArtifactCorrupted(reason)
