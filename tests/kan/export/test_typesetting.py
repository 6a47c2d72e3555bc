"""LaTeX of formulas and articles is set by KaTeX without a complaint."""

import math
import re

import pytest

from kan.explanation.formula import formula_latex
from kan.export.formats import export
from kan.symbolic.formula import edge_latex
from kan.symbolic.library import FUNCTIONS, SymbolicForm
from kan.symbolic.writing import name_latex, number_latex
from tests.kan.export.models import FORMULAS, MODELS
from tests.kan.export.typesetting import problems

NAMES = (
    "income", "a_b", "100 %", "$", "€/m²", "x^2", "a&b", "#1", "~", "{}", "{", "}", "\\", "\\frac{1}{2}", "\\unknown",
    "'", '"', "`", "<b>", "a\nb", "\t", "größe", "Доход", "年収", "größe 🦊", "°C", "µg·l⁻¹", "—", "x\u0301", "\u202e",
    "", " ", "…", "½", "ﬁ", "\x00", "--", "$x$", "%%", "\\(", "\\text{", "^", "_", "א", "ت", "\ud7ff", "\U0010ffff",
)  # fmt: skip  # a list
NUMBERS = (0.0, -0.0, 1.5, -2.0, 1e-300, -1.7976931348623157e308, 5e-324, math.pi, 1e22)


def test_the_judge_knows_what_cannot_be_set() -> None:
    wrong = [r"\frac{1}", r"\text{%}", r"\unknown", r"\left(x", "{", r"x_1_2"]
    assert list(problems(wrong)) == wrong


def test_every_function_is_set_with_numbers_of_every_size() -> None:
    written = [
        edge_latex(SymbolicForm(function, a, b, c, d), "x", digits)
        for function in (*FUNCTIONS, *FORMULAS)
        for a, b, c, d in ((1.0, 0.0, 1.0, 0.0), (-2.5e-7, 1e22, -math.pi, -1e-300), (0.3, -0.5, -1.0, 12.0))
        for digits in (None, 3)
    ]
    assert problems(written) == {}


def test_every_number_is_set() -> None:
    assert problems([number_latex(one, digits) for one in NUMBERS for digits in (None, 3)]) == {}


def test_every_name_is_set_as_text() -> None:
    assert problems([rf"{name_latex(one)} \cdot x_{{{name_latex(one)}}}" for one in NAMES]) == {}


@pytest.mark.parametrize("name", MODELS)
def test_the_formula_of_a_model_is_set(name: str) -> None:
    assert problems([formula_latex(MODELS[name](), digits) for digits in (3, 17)]) == {}


@pytest.mark.parametrize("name", MODELS)
def test_every_formula_of_an_article_is_set(name: str) -> None:
    article = str(export(MODELS[name](), "latex"))
    body = article.partition(r"\begin{document}")[2]
    displayed = re.findall(r"\\\[(.*?)\\\]", body, re.DOTALL)
    displayed += re.findall(r"\\begin\{align\*\}.*?\\end\{align\*\}", body, re.DOTALL)
    inline = re.findall(r"(?<!\\)\$(.*?)(?<!\\)\$", re.sub(r"\\\[.*?\\\]", "", body, flags=re.DOTALL), re.DOTALL)
    names = re.findall(r"\\text\{(?:\\.|[^{}\\]|\{\})*\}", body)
    assert displayed
    assert inline
    assert names
    assert problems([*displayed, *dict.fromkeys(inline), *dict.fromkeys(names)]) == {}
