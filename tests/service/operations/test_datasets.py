"""Datasets: the same table is the same snapshot, and a refused one leaves nothing."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service import errors
from service.domain.canonical import digest_of
from service.domain.feature_schema import SchemaOverrides
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.operations import datasets
from service.operations.datasets import DatasetRequest
from service.operations.resources import Resources
from tests.service.conftest import Steps, audit_payloads, everything_stored
from tests.service.training import credit_csv


def test_an_upload_becomes_a_snapshot_with_a_schema_that_says_why(
    resources: Resources, developer: Actor, steps: Steps
) -> None:
    dataset = datasets.get_dataset(resources, developer, steps.dataset())
    assert (dataset.rows, dataset.source_digest, dataset.created_by) == (
        120,
        digest_of(credit_csv()),
        "Printed Developer",
    )
    kinds = {feature.name: feature.kind for feature in dataset.feature_schema.features}
    assert kinds == {
        "age": "numeric",
        "purpose": "categorical",
        "income": "numeric",
        "sex": "categorical",
        "default": "categorical",
    }
    assert all(feature.reason for feature in dataset.feature_schema.features)
    assert dataset.feature_schema.by_name()["sex"].protected
    assert dataset.feature_schema.target == "default"
    assert resources.artifacts.read(dataset.digest)
    trail = audit_payloads(resources)[-1]
    assert (trail["action"], trail["details"]) == ("datasets.created", {"digest": dataset.digest, "rows": 120})


def test_the_same_table_twice_is_one_file(resources: Resources, developer: Actor, steps: Steps) -> None:
    one, two = (datasets.get_dataset(resources, developer, steps.dataset()) for _ in range(2))
    assert one.id != two.id
    assert one.digest == two.digest
    assert everything_stored(resources)["artifacts"] == 1


def test_the_same_table_twice_at_once_is_one_file(resources: Resources, steps: Steps) -> None:
    barrier = threading.Barrier(3, timeout=60)

    def upload(_number: int) -> str:
        barrier.wait()
        return steps.dataset()

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(upload, range(3)))) == 3
    stored = everything_stored(resources)
    assert (stored["artifacts"], stored["datasets"]) == (1, 3)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"a,b\n", b"a,a\n1,2\n3,4\n", b"a,\n1,2\n3,4\n", b"a,b\n1\n2,3\n", b"PAR1 and nothing"],
    ids=range(7),
)
def test_a_refused_table_leaves_nothing(resources: Resources, developer: Actor, content: bytes) -> None:
    before = everything_stored(resources)
    with pytest.raises(errors.InvalidDataset):
        datasets.create_dataset(resources, developer, DatasetRequest(name="bad"), io.BytesIO(content))
    assert everything_stored(resources) == before


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("{", "/schema/"),
        ("[]", "/schema/"),
        ('{"unknown": 1}', "/schema/unknown"),
        ('{"features": {"age": {"kind": "number"}}}', "/schema/features/age/kind"),
        ('{"features": {"age": {"protected": "yes"}}}', "/schema/features/age/protected"),
    ],
)
def test_a_wrong_schema_is_refused_by_field(text: str, pointer: str) -> None:
    with pytest.raises(errors.InvalidRequest) as refused:
        datasets.parse_overrides(text)
    assert refused.value.fields[0].pointer == pointer


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_schema_may_be_left_away(text: str | None) -> None:
    assert datasets.parse_overrides(text).features == {}


def test_snapshots_are_listed_newest_first(resources: Resources, developer: Actor, steps: Steps) -> None:
    made = [steps.dataset(name=name) for name in ("one", "two", "three")]
    page = datasets.list_datasets(resources, developer, PageRequest(limit=2))
    assert [dataset.id for dataset in page.items] == made[:0:-1]
    rest = datasets.list_datasets(resources, developer, PageRequest(cursor=page.next_cursor))
    assert [dataset.id for dataset in rest.items] == made[:1]


def test_a_schema_is_edited_as_a_new_snapshot_of_the_same_rows(
    resources: Resources, developer: Actor, steps: Steps
) -> None:
    old = datasets.get_dataset(resources, developer, steps.dataset())
    changes = SchemaOverrides.model_validate(
        {"target": None, "features": {"age": {"unit": "years", "monotone": "decreasing"}, "sex": {"protected": None}}}
    )
    new = datasets.edit_schema(resources, developer, old.id, changes)
    assert (new.digest, new.source_digest, new.rows, new.name) == (old.digest, old.source_digest, old.rows, old.name)
    assert new.id != old.id
    assert new.feature_schema.target is None
    age, sex = (new.feature_schema.by_name()[name] for name in ("age", "sex"))
    assert (age.unit, age.monotone, sex.protected) == ("years", "decreasing", False)
    assert datasets.get_dataset(resources, developer, old.id) == old
    trail = audit_payloads(resources)[-1]
    assert (trail["action"], trail["subject"]) == ("datasets.schema_edited", f"datasets/{new.id}")
    assert trail["details"]["from"] == old.id
    assert trail["details"]["changes"] == changes.model_dump(mode="json", exclude_unset=True)


def test_another_target_brings_its_own_warnings(resources: Resources, developer: Actor) -> None:
    lines = ["x,copy,y", *(f"{row % 17}.5,{row % 17 * 2}.25,{(row * 7) % 13}.5" for row in range(300))]
    file = io.BytesIO("\n".join(lines).encode())
    request = DatasetRequest(name="t", overrides=SchemaOverrides(target="y"))
    old = datasets.create_dataset(resources, developer, request, file)
    assert [feature.warnings for feature in old.feature_schema.features] == [(), (), ()]
    new = datasets.edit_schema(resources, developer, old.id, SchemaOverrides(target="x"))
    (warning,) = new.feature_schema.by_name()["copy"].warnings
    assert warning.code == "leakage"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"target": "height"}, "/target"),
        ({"features": {"height": {"unit": "cm"}}}, "/features/height"),
        ({"features": {"age": {"kind": "categorical"}}}, "/features/age/kind"),
        ({"features": {"purpose": {"monotone": "increasing"}}}, "/features/purpose/monotone"),
    ],
    ids=str,
)
def test_a_change_that_the_rows_do_not_allow_is_refused_by_field(
    resources: Resources, developer: Actor, steps: Steps, changes: dict[str, object], pointer: str
) -> None:
    dataset = steps.dataset()
    before = everything_stored(resources)
    with pytest.raises(errors.EdgewiseError) as refused:
        datasets.edit_schema(resources, developer, dataset, SchemaOverrides.model_validate(changes))
    assert refused.value.fields[0].pointer == pointer
    assert everything_stored(resources) == before
