"""The article of LaTeX: brackets and environments close, names are escaped, every edge is there."""

import re

import pytest

from kan.export.formats import export
from tests.kan.export.models import MODELS, awkward, deep, every_function, multinomial


@pytest.mark.parametrize("name", MODELS)
def test_environments_and_brackets_close(name: str) -> None:
    text = str(export(MODELS[name](), "latex"))
    opened: list[str] = []
    for kind, environment in re.findall(r"\\(begin|end)\{([a-z*]+)\}", text):
        if kind == "begin":
            opened.append(environment)
        else:
            assert opened.pop() == environment
    assert opened == []
    bare = re.sub(r"\\[{}\\]", "", text)
    assert bare.count("{") == bare.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    assert text.count(r"\[") == text.count(r"\]")
    assert re.sub(r"\\\$", "", text).count("$") % 2 == 0


def test_every_node_and_edge_has_its_equation() -> None:
    model = deep()
    text = str(export(model, "latex", digits=4))
    for edge in model.network.active_edges():
        assert text.count(rf"\varphi_{{{edge.layer},{edge.source},{edge.target}}}") >= 2
    assert r"x_{1,0} &= " in text
    assert r"1.5 \cdot \sin\left(0.05 \cdot \text{age} + 0.1\right) + 0.2" in text


def test_digits_round_every_number() -> None:
    text = str(export(every_function(), "latex", digits=3))
    assert re.findall(r"\d\.\d{6,}", text) == []


def test_names_of_users_are_escaped() -> None:
    text = str(export(awkward(), "latex"))
    assert r"\text{pur\{p\}o\%s\&e\_\$}" in text
    assert r"\text{x y}" in text
    assert r"a\textbackslash{}b" in text


def test_the_response_of_classes_is_their_softmax() -> None:
    text = str(export(multinomial(), "latex", digits=4))
    assert r"\text{b} = \frac{\exp\left(x_{2,1}\right)}{\sum_j \exp\left(x_{2,j}\right)}" in text
