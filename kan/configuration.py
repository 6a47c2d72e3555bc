"""The settings of an estimator, and what follows from them before any training.

The defaults were chosen by held-out scores on scikit-learn's tables and two of credit risk, 5-fold.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Self, get_args

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import Tags

from kan.errors import UnknownFeature
from kan.feature_maps import Base
from kan.features import Feature, NumericFeature
from kan.layer import LARGEST_DEGREE, LARGEST_GRID_SIZE
from kan.losses import FamilyName
from kan.network import Network, constraint_shapes, first_grid, initial_network
from kan.regularization import Penalties
from kan.training.rows import Rows
from kan.training.settings import Optimizer, Precision, TrainingSettings, require
from kan.training.trainer import chosen_optimizer, start

DEFAULT_GRID_EPS = 0.6
MOST_STARTS = (4, 16)  # random starts of the narrowest network with one hidden layer, and with more


class ConfiguredEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """The settings of the regressor and the classifier.

    hidden: nodes of every hidden layer; () is an additive model.
    grid_size, degree, base: intervals (one number, or one per layer) and degree of the splines; silu, identity or zero
        beside them. Networks with hidden layers begin on a grid that is halved as long as it can be.
    grid_eps: share of the uniform grid in the knots, from 0 (quantiles) to 1; one number, or one by feature
        name (0.6 for the others). With hidden layers and hardly any noise, gauss_newton then moves knots to where the
        function bends; a share of 1 keeps those of the feature even.
    smoothness: weight of the roughness of every edge, divided by the number of rows; None estimates it for every edge.
    l1, entropy: weights of the sizes of edges and of their entropy, divided by the square root of the number of rows.
    optimizer: gauss_newton, adam or lbfgs; auto takes gauss_newton where its matrix fits.
    steps: most steps of a stage; None is 200 for gauss_newton and 600 for the others.
    restarts: random starts of a network with hidden layers, of which the best goes on; None takes more the narrower
        the network is, up to 4 with one hidden layer and 16 with several: narrow ones get stuck more often.
        First-order optimizers take one.
    learning_rate, batch_size: of adam; a table of up to batch_size rows is one batch.
    validation_fraction: share of the rows held out to stop early, if that is at least 20 rows; None holds out 0.2
        with hidden layers, and nothing without, where the estimated smoothness suffices.
    family: gaussian, poisson or gamma for a regressor (the last two have a log link: answers are never negative);
        auto is gaussian, and binomial or multinomial for a classifier.
    class_weight: weight by class, or "balanced", for a classifier.
    interactions: most pairs of numeric features that get a term of their own beside an additive model, if that lowers
        the loss of held-out rows by more than its standard error; for one output.
    monotone: 1 or -1 by feature name: the output rises or falls with it, for all values. curvature: "convex" or
        "concave" by feature name, without hidden layers.
    categorical, units, domains: names of categorical features (text columns are found by themselves), unit by feature
        name, (lower, upper) by feature name where it is wider than the data.
    memory: bytes that one chunk of rows may take. device: where PyTorch computes. precision: of first-order steps;
        second-order steps need float64.
    random_state: seed; the same seed gives the same model to the last bit.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (),
        *,
        grid_size: int | Sequence[int] = 10,
        degree: int = 3,
        base: Base = "silu",
        grid_eps: float | Mapping[str, float] = 0.6,
        smoothness: float | None = None,
        l1: float = 0.0,
        entropy: float = 0.0,
        optimizer: Optimizer = "auto",
        steps: int | None = None,
        restarts: int | None = None,
        learning_rate: float = 0.03,
        batch_size: int = 8192,
        validation_fraction: float | None = None,
        family: FamilyName | Literal["auto"] = "auto",
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        interactions: int = 0,
        monotone: Mapping[str, int] | None = None,
        curvature: Mapping[str, str] | None = None,
        categorical: Collection[str] = (),
        units: Mapping[str, str] | None = None,
        domains: Mapping[str, Sequence[float]] | None = None,
        memory: int = 2**28,
        device: str = "cpu",
        precision: Precision = "float64",
        random_state: int | None = None,
    ) -> None:
        """Store the settings; `fit` checks them."""
        self.hidden = hidden
        self.grid_size = grid_size
        self.degree = degree
        self.base = base
        self.grid_eps = grid_eps
        self.smoothness = smoothness
        self.l1 = l1
        self.entropy = entropy
        self.optimizer = optimizer
        self.steps = steps
        self.restarts = restarts
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.family = family
        self.class_weight = class_weight
        self.interactions = interactions
        self.monotone = monotone
        self.curvature = curvature
        self.categorical = categorical
        self.units = units
        self.domains = domains
        self.memory = memory
        self.device = device
        self.precision = precision
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that text and missing values are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    def _settings(self, seed: int, rows: int, network: Network | None = None) -> TrainingSettings:
        """Return the settings of a training: of a new network, or of one that keeps its grids."""
        per_root = rows**-0.5
        second_order = self.optimizer in ("auto", "gauss_newton")
        layers = len(self.hidden) + 1 if network is None else len(network.layers)
        several = list(self.grid_size) if isinstance(self.grid_size, Sequence) else [self.grid_size] * layers
        sizes = several if network is None else network.grid_sizes
        automatic = 0.2 if layers > 1 else 0.0
        smoothness = None if self.smoothness is None else self.smoothness / rows
        return TrainingSettings(
            penalties=Penalties(self.l1 * per_root, self.entropy * per_root, smoothness),
            optimizer=self.optimizer,
            steps=(200 if second_order else 600) if self.steps is None else self.steps,
            learning_rate=self.learning_rate,
            grid_sizes=tuple(sizes),
            grid_eps=DEFAULT_GRID_EPS if isinstance(self.grid_eps, Mapping) else self.grid_eps,
            validation_fraction=automatic if self.validation_fraction is None else self.validation_fraction,
            batch_size=self.batch_size,
            memory=self.memory,
            device=self.device,
            precision=self.precision,
            seed=seed,
        )

    def _starts(
        self, features: Sequence[Feature], rows: Rows, family: FamilyName, settings: TrainingSettings
    ) -> list[Network]:
        """Return random networks on their first grids."""
        generator = torch.Generator().manual_seed(settings.seed)
        shapes = constraint_shapes(
            features, self.monotone, self.curvature, hidden=len(self.hidden) > 0, outputs=rows.target.shape[1]
        )
        deep = len(self.hidden) > 0

        def network() -> Network:
            drawn = initial_network(
                features,
                tuple(self.hidden),
                rows.target.shape[1],
                grid_sizes=[first_grid(size) if deep else size for size in settings.grid_sizes],
                degree=self.degree,
                base=self.base,
                shapes=shapes,
                generator=generator,
            )
            return start(drawn, rows, family, settings)

        first = network()
        if not deep or chosen_optimizer(first, rows, settings) != "gauss_newton":
            return [first]
        automatic = max(1, MOST_STARTS[len(self.hidden) > 1] // min(self.hidden))
        count = automatic if self.restarts is None else self.restarts
        return [first, *(network() for _ in range(count - 1))]

    def _grid_shares(self, features: Sequence[Feature]) -> tuple[float, ...]:
        """Return the share of the uniform grid of every numeric feature; raises UnknownFeature."""
        numeric = [feature.name for feature in features if isinstance(feature, NumericFeature)]
        if not isinstance(self.grid_eps, Mapping):
            return (self.grid_eps,) * len(numeric)
        for name in self.grid_eps:
            if name not in numeric:
                raise UnknownFeature(name, numeric)
        return tuple(self.grid_eps.get(name, DEFAULT_GRID_EPS) for name in numeric)

    def _check_architecture(self) -> None:
        nodes_are_positive = all(nodes >= 1 for nodes in self.hidden)
        require("hidden", self.hidden, nodes_are_positive, "a sequence of node counts of at least 1")
        layers, several = len(self.hidden) + 1, isinstance(self.grid_size, Sequence)
        sizes = list(self.grid_size) if isinstance(self.grid_size, Sequence) else [self.grid_size]
        fits = all(1 <= size <= LARGEST_GRID_SIZE for size in sizes) and (not several or len(sizes) == layers)
        require("grid_size", self.grid_size, fits, f"1 to {LARGEST_GRID_SIZE}, one number or one for each layer")
        require("degree", self.degree, 1 <= self.degree <= LARGEST_DEGREE, f"1 to {LARGEST_DEGREE}")
        require("base", self.base, self.base in get_args(Base), f"one of {get_args(Base)}")
        additive = len(self.hidden) == 0
        require("interactions", self.interactions, self.interactions >= 0, "at least 0")
        require("interactions", self.interactions, additive or self.interactions == 0, "0 beside hidden layers")
        require("device", self.device, _is_there(self.device), "cpu, or a device that PyTorch has here")
        require("restarts", self.restarts, self.restarts is None or self.restarts >= 1, "at least 1, or None")

    def _configuration(self) -> dict[str, Any]:
        """Return the settings in the form that JSON keeps; `_configured` reads it."""
        seed = self.random_state if isinstance(self.random_state, int | np.integer) else None
        settings = {**self.get_params(deep=False), "units": self.units or {}, "random_state": seed}
        if isinstance(self.class_weight, Mapping):
            settings["class_weight"] = self.class_weight.items()  # the keys of an object would become text
        return {name: _plain(value) for name, value in settings.items()}

    @classmethod
    def _configured(cls, configuration: Mapping[str, Any]) -> Self:
        """Return an estimator with the settings that `_configuration` wrote."""
        settings = {name: value for name, value in configuration.items() if name in cls._get_param_names()}
        if isinstance(settings.get("class_weight"), list):
            settings["class_weight"] = dict(settings["class_weight"])
        return cls(**settings)


def _plain(value: Any) -> Any:
    """Return a setting as JSON gives it back: numbers, text, lists, and dictionaries by text."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, Collection) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value


def _is_there(device: str) -> bool:
    """Return whether PyTorch can compute on a device."""
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError):  # what PyTorch raises for unknown names and for builds without the device
        return False
    return True
