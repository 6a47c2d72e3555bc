"""Rows, their weights, and how some of them are held out."""

import pytest
import torch

from kan.losses import FAMILIES
from kan.training.rows import SMALLEST_VALIDATION, Rows, joined, sample, split, weighted_rows

X = torch.arange(200.0, dtype=torch.float64).unsqueeze(1)
WEIGHTS = torch.linspace(0.5, 3, 200, dtype=torch.float64)


def rows_of(target: torch.Tensor) -> Rows:
    return weighted_rows(X[: len(target)], target, WEIGHTS[: len(target)])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_weights_have_mean_one_and_keep_their_shares() -> None:
    rows = rows_of(X)
    assert float(rows.weights.mean()) == pytest.approx(1.0, rel=1e-12)
    assert torch.allclose(rows.weights / rows.weights[0], WEIGHTS / WEIGHTS[0])
    plain = weighted_rows(X, X)
    assert (plain.weights.unique().tolist(), plain.offset.unique().tolist()) == ([1.0], [0.0])


def test_offset_is_a_known_part_of_every_link() -> None:
    rows = weighted_rows(X, torch.zeros(200, 3).double(), offset=WEIGHTS)
    assert torch.equal(rows.offset, WEIGHTS.unsqueeze(1).expand(-1, 3))
    nodes = torch.zeros(200, 3, dtype=torch.float64)
    gaussian = FAMILIES["gaussian"]
    assert float(rows.loss(gaussian, nodes)) == pytest.approx(3 * float(WEIGHTS.square().mean()) / 2)
    assert float(rows.loss(gaussian, -rows.offset)) == 0


def test_loss_weighs_the_rows() -> None:
    nodes = torch.sin(X)
    expected = (WEIGHTS * (nodes - X)[:, 0] ** 2).sum() / WEIGHTS.sum() / 2
    assert float(rows_of(X).loss(FAMILIES["gaussian"], nodes)) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("one_hot", [False, True])
def test_rows_are_held_out_class_by_class(one_hot: bool) -> None:
    codes = torch.zeros(200, dtype=torch.long)
    codes[:40], codes[40:60] = 1, 2 if one_hot else 1
    target = torch.nn.functional.one_hot(codes).double() if one_hot else codes.double().unsqueeze(1)
    family = FAMILIES["multinomial" if one_hot else "binomial"]
    training, validation = split(rows_of(target), family, 0.25, generator())
    assert validation is not None
    held_out = validation.target.sum(dim=0).tolist()
    assert held_out == ([35.0, 10.0, 5.0] if one_hot else [15.0])
    assert sorted(torch.cat([training.x, validation.x])[:, 0].tolist()) == X[:, 0].tolist()


def test_held_out_rows_keep_their_targets_weights_and_offsets() -> None:
    rows = weighted_rows(X, 3 * X, WEIGHTS, X[:, 0] / 7)
    for part in split(rows, FAMILIES["gaussian"], 0.3, generator()):
        assert part is not None
        at = part.x[:, 0].long()
        assert torch.equal(part.target, 3 * part.x)
        assert torch.equal(part.offset, part.x / 7)
        assert torch.allclose(part.weights, WEIGHTS[at] / WEIGHTS.mean())


def test_too_few_rows_are_not_held_out() -> None:
    rows = rows_of(X[: 5 * SMALLEST_VALIDATION])
    family = FAMILIES["gaussian"]
    assert split(rows, family, 0.2, generator())[1] is not None
    kept, validation = split(rows, family, 0.19, generator())
    assert validation is None
    assert kept is rows


def test_seed_decides_which_rows_are_held_out() -> None:
    def held_out(seed: int) -> torch.Tensor:
        validation = split(rows_of(X), FAMILIES["gaussian"], 0.25, generator(seed))[1]
        assert validation is not None
        return validation.x

    assert torch.equal(held_out(3), held_out(3))
    assert not torch.equal(held_out(3), held_out(4))


def test_sample_keeps_the_order_and_takes_no_row_twice() -> None:
    rows = rows_of(X)
    some = sample(rows, 50, generator())
    values = some.x[:, 0].tolist()
    assert values == sorted(set(values))
    assert len(some) == 50
    assert torch.equal(some.weights, rows.weights[some.x[:, 0].long()])
    assert sample(rows, 200, generator()) is rows


def test_joined_rows_are_both() -> None:
    rows = rows_of(X)
    both = joined(rows.part(slice(0, 80)), rows.part(slice(80, 200)))
    assert all(torch.equal(getattr(both, name), one) for name, one in vars(rows).items())


def test_part_of_the_rows_weighs_as_in_the_whole() -> None:
    rows = rows_of(X)
    part = rows.part(slice(10, 30))
    assert torch.equal(part.x, X[10:30])
    assert torch.equal(part.weights, rows.weights[10:30])


def test_rows_move_to_another_precision() -> None:
    single = rows_of(X).to(torch.device("cpu"), torch.float32)
    assert {one.dtype for one in vars(single).values()} == {torch.float32}


def test_rows_that_were_held_out_weigh_as_before_when_they_are_joined_again() -> None:
    training, validation = split(rows_of(X), FAMILIES["gaussian"], 0.25, generator())
    assert validation is not None
    both = joined(training, validation)
    assert torch.allclose(both.weights, WEIGHTS[both.x[:, 0].long()] / WEIGHTS.mean())
