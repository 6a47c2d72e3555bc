"""Every error has its own code, and the tree in the docstring is the tree in the code."""

import re
from collections.abc import Iterator

import kan.errors
from kan.errors import InputError, KANError


def descendants(kind: type[KANError]) -> Iterator[type[KANError]]:
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def leaves() -> list[type[KANError]]:
    return [kind for kind in descendants(KANError) if not kind.__subclasses__()]


def test_codes_are_unique_and_spell_the_class() -> None:
    for kind in leaves():
        assert kind.code == re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def test_docstring_draws_the_tree() -> None:
    drawn = dict(re.findall(r"[├└]── (\w+)\s+([a-z_]+)\n", str(kan.errors.__doc__)))
    assert drawn == {kind.__name__: kind.code for kind in leaves()}


def test_errors_about_input_are_value_errors() -> None:
    assert issubclass(InputError, ValueError)
    assert not issubclass(kan.errors.TrainingDiverged, ValueError)


def test_long_values_are_shortened_in_messages() -> None:
    assert len(str(kan.errors.WrongValueType("a", 0, "number", "x" * 10_000))) < 200
    assert len(str(kan.errors.UnknownFeature("a", [f"name{number}" for number in range(1000)]))) < 300
