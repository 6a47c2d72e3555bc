"""Reproductions: a version made once more from what is stored about it, and compared to the last bit."""

from collections.abc import Callable

from pydantic import Field

from service.domain.documents import Digest, Document, from_stored
from service.domain.feature_schema import FeatureSchema, TrainingColumns
from service.domain.revisions import read_changes
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.modelling.revisions import revise
from service.modelling.trained_versions import library_versions
from service.modelling.training import train
from service.operations.resources import Resources
from service.storage import datasets, models, revisions


class LibraryDifference(Document):
    """A library whose release here is not the one that the version was made with."""

    library: str
    recorded: str | None
    present: str | None


class Reproduction(Document):
    """What came out the second time."""

    model: str
    version: int
    digest: Digest = Field(description="Of the stored version.")
    reproduced_digest: Digest
    is_equal: bool
    libraries: tuple[LibraryDifference, ...] = Field(description="What may explain a difference.")


def reproduce_version(
    resources: Resources, model: str, number: int, report: Callable[[Progress], None]
) -> Reproduction:
    """Train a version once more in this process, or make its revision once more, for whoever runs the service.

    Nothing is stored. Raises: NotFound, ArtifactCorrupted, TrainingFailed, leaves of InvalidRevision.
    """
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
        dataset = datasets.get_dataset(session, version.dataset_id)
        revision = revisions.find_revision(session, model, number)
    parquet, columns = resources.artifacts.read(dataset.digest), from_stored(TrainingColumns, version.columns)
    configuration = from_stored(TrainingConfiguration, version.configuration)
    if revision is None:
        schema = from_stored(FeatureSchema, dataset.feature_schema)
        made = train(parquet, schema, columns, configuration, report)
    else:
        parent = resources.registry.get(revision.parent_digest)
        made = revise(parquet, columns, configuration, parent, read_changes(revision.changes), report)
    recorded, present = version.library_versions, library_versions()
    return Reproduction(
        model=model,
        version=number,
        digest=version.digest,
        reproduced_digest=made.digest,
        is_equal=made.digest == version.digest,
        libraries=tuple(
            LibraryDifference(library=name, recorded=recorded.get(name), present=present.get(name))
            for name in sorted({*recorded, *present})
            if recorded.get(name) != present.get(name)
        ),
    )
