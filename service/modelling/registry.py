"""Models in memory: each is read, verified and prepared once, and the least recently used ones make room.

A loaded model also carries what every call needs and only the bytes determine: the traced reference rows, and the
fitted forms of the edges that somebody looked at.
"""

import itertools
import threading
from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

import kan.errors
from kan.certification.certificate import Certificate
from kan.certification.certify import certify
from kan.edges import edge_domain
from kan.explanation.attainable import attainable_contributions
from kan.explanation.curves import edge_spreads, node_names
from kan.explanation.strength import FeatureStrength, Interaction, feature_strengths, interactions
from kan.features import CategoricalFeature, NumericFeature
from kan.model import FittedModel
from kan.network import EdgeId
from kan.serialization import load
from kan.snapping import edge_candidates
from kan.symbolic.fitting import Candidate
from service.domain.canonical import digest_of
from service.domain.recency import Recent
from service.errors import ArtifactCorrupted, NotAdditive
from service.modelling.active_edges import ActiveEdge
from service.modelling.records import EdgeWords, RecordTemplate, RecordWriter
from service.modelling.references import PreparedReference, PreparedReferences, prepare_reference
from service.modelling.rows import RowReader

#: After so long certificates are finished with the bounds known by then.
CERTIFICATE_SECONDS = 5.0


class LoadedModel:
    """A verified model, safe to share between threads: nothing changes it, and a value computed twice is the same."""

    def __init__(self, digest: str, fitted: FittedModel) -> None:
        self.digest = digest
        self.fitted = fitted
        self.references = PreparedReferences(fitted)
        self._candidates: dict[EdgeId, tuple[Candidate, ...]] = {}
        self._certificates: dict[frozenset[tuple[str, int]], tuple[Certificate, ...]] = {}
        self._certifying = threading.Lock()
        self._attainable: dict[int, dict[str, tuple[float, float]]] = {}

    @cached_property
    def training_reference(self) -> PreparedReference:
        """The training rows that the artifact holds, ready for every explanation."""
        return prepare_reference(self.fitted, self.fitted.reference)

    def attainable(self, output: int) -> dict[str, tuple[float, float]]:
        """The least and the most that each feature can add to an output; raises NotAdditive."""
        found = self._attainable.get(output)
        if found is None:
            try:
                least, most = attainable_contributions(self.fitted, output).tolist()
            except kan.errors.NotAdditive as error:
                raise NotAdditive from error
            names = (feature.name for feature in self.fitted.features)
            found = dict(zip(names, zip(least, most, strict=True), strict=True))
            self._attainable[output] = found
        return found

    @cached_property
    def edges(self) -> tuple[ActiveEdge, ...]:
        """The active edges, in order."""
        return tuple(self._edge(edge) for edge in self.fitted.network.active_edges())

    @cached_property
    def edge_slices(self) -> tuple[slice, ...]:
        """Where the active edges of each layer are among all of them."""
        layers = [edge.place.layer for edge in self.edges]
        counts = [layers.count(layer) for layer in range(len(self.fitted.network.layers))]
        ends = list(itertools.accumulate(counts))
        return tuple(slice(end - count, end) for end, count in zip(ends, counts, strict=True))

    @cached_property
    def reader(self) -> RowReader:
        """What reads the rows of requests."""
        return RowReader(self.fitted.features)

    @cached_property
    def writer(self) -> RecordWriter:
        """What writes the records of answers."""
        words = [
            EdgeWords(
                str(edge.place), edge.form, edge.source, edge.target, None if edge.place.layer else edge.place.source
            )
            for edge in self.edges
        ]
        return RecordWriter(RecordTemplate(tuple(feature.name for feature in self.fitted.features), tuple(words)))

    @cached_property
    def edge_places(self) -> tuple[npt.NDArray[np.intp], ...]:
        """Where the active edges of each layer are in the prepared network."""
        found = []
        for layer, part in zip(self.fitted.prepared.layers, self.edge_slices, strict=True):
            places = list(zip(layer.edges.targets.tolist(), layer.edges.sources.tolist(), strict=True))
            wanted = [(edge.place.target, edge.place.source) for edge in self.edges[part]]
            found.append(np.array([places.index(one) for one in wanted], dtype=np.intp))
        return tuple(found)

    @cached_property
    def inner_domain(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The least and the largest input of every edge behind the first layer."""
        domains = [edge.domain for edge in self.edges if edge.place.layer and edge.domain is not None]
        bounds = np.array(domains, dtype=np.float64).reshape(-1, 2)
        return bounds[:, 0], bounds[:, 1]

    @cached_property
    def units(self) -> dict[str, str | None]:
        """The unit of every number."""
        return {feature.name: feature.unit for feature in self.fitted.features if isinstance(feature, NumericFeature)}

    @cached_property
    def spreads(self) -> dict[EdgeId, float]:
        """How much each edge moves the outputs over the reference rows."""
        return edge_spreads(self.fitted)

    @cached_property
    def feature_strengths(self) -> tuple[FeatureStrength, ...]:
        """How much each feature moves the outputs over the reference rows."""
        return tuple(feature_strengths(self.fitted))

    @cached_property
    def interactions(self) -> tuple[Interaction, ...]:
        """What pairs of features do together."""
        return tuple(interactions(self.fitted))

    def _edge(self, edge: EdgeId) -> ActiveEdge:
        names = node_names(self.fitted)
        feature = self.fitted.features[edge.source] if edge.layer == 0 else None
        categories = len(feature.categories) if isinstance(feature, CategoricalFeature) else 0
        return ActiveEdge(
            place=edge,
            source=names[edge.layer][edge.source],
            target=names[edge.layer + 1][edge.target],
            form=self.fitted.network.form(edge),
            domain=None if categories else edge_domain(self.fitted, edge),
            categories=categories,
        )

    def candidates(self, edge: EdgeId) -> tuple[Candidate, ...]:
        """The symbolic forms fitted to an edge, best first; fitted at the first call."""
        found = self._candidates.get(edge)
        if found is None:
            found = tuple(edge_candidates(self.fitted, edge))
            self._candidates[edge] = found
        return found

    def certificates(self, expected: Mapping[str, int]) -> tuple[Certificate, ...]:
        """What is proved of the model, with these directions (1 or −1 by feature); callers share one proof."""
        key = frozenset(expected.items())
        with self._certifying:
            if key not in self._certificates:
                self._certificates[key] = certify(self.fitted, expected=expected, seconds=CERTIFICATE_SECONDS)
            return self._certificates[key]


class _Place:
    """Where one model is or will be; whoever holds the lock loads it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.model: LoadedModel | None = None


class ModelRegistry:
    """Loaded models by digest, at most `capacity` of them."""

    def __init__(self, read_artifact: Callable[[str], bytes], capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity = {capacity}: a registry holds at least one model")
        self._read_artifact = read_artifact
        self._lock = threading.Lock()
        self._places: Recent[str, _Place] = Recent(capacity)

    def get(self, digest: str) -> LoadedModel:
        """The model with this digest; callers that ask at the same time share one load.

        Raises: ArtifactCorrupted where the bytes do not have the digest or hold no model, and whatever reading
        them raises. A failure is not remembered: the next call tries again.
        """
        with self._lock:
            place = self._places.of(digest, _Place)
        with place.lock:
            if place.model is None:
                place.model = load_model(digest, self._read_artifact(digest))
            return place.model


def load_model(digest: str, artifact: bytes) -> LoadedModel:
    """The model that these bytes hold; raises ArtifactCorrupted unless they have this digest."""
    found = digest_of(artifact)
    if found != digest:
        raise ArtifactCorrupted(digest, f"its bytes have the digest {found}")
    try:
        return LoadedModel(digest, load(artifact))
    except kan.errors.ArtifactCorrupted as error:
        raise ArtifactCorrupted(digest, str(error)) from error
