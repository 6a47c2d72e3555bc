"""The file of C: where it goes beyond parity."""

import re
from pathlib import Path

import torch

from kan.export.formats import export
from tests.kan.export.models import awkward, deep, root_at_the_border, special_rows
from tests.kan.export.runners import c


def test_names_of_users_cannot_end_the_comment() -> None:
    text = str(export(awkward(), "c"))
    comment, _, program = text.partition(" */\n")
    assert text.isascii()
    assert "/*" not in comment[2:]
    assert "??" not in comment
    assert "DROP TABLE" not in program


def test_the_comment_lists_features_codes_and_contributions() -> None:
    comment = str(export(deep(), "c")).partition("*/")[0]
    assert '0  "age", a number in "years"' in comment
    assert '1  "income", a number, may be missing' in comment
    assert '2  "purpose", a category: 0 "", 1 "car", 2 "house"' in comment
    assert re.search(r"Contributions.*\n \*     0  0\.0\.0\n", comment)


def test_a_missing_category_is_the_empty_one_and_any_other_number_unseen(tmp_path: Path) -> None:
    x = torch.tensor([[40.0, 100.0, code] for code in (0.0, torch.nan, 3.0, -1.0, 17.0)], dtype=torch.float64)
    link = c(deep(), x, 0, tmp_path).link[:, 0]
    assert link[0] == link[1]
    assert link[2] == link[3] == link[4] != link[0]


def test_an_answer_that_is_not_defined_is_nan(tmp_path: Path) -> None:
    x = special_rows(deep(), 4)[:1].clone()
    x[0, 0] = torch.nan  # which training never saw missing
    assert c(deep(), x, 0, tmp_path).link.isnan().all()
    roots = torch.tensor([[0.0], [-1.0]], dtype=torch.float64)
    assert c(root_at_the_border(), roots, 0, tmp_path).link.isfinite().flatten().tolist() == [True, False]
