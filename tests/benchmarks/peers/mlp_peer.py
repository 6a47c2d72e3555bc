"""Perceptrons in PyTorch: two hidden layers, trained on all rows at once.

Each optimiser has the activation, the precision and the settings that served it best on the function of the suite
`function` (tried: SiLU and tanh, float32 and float64, one and two hidden layers, four rates).
"""

import itertools
import math
import statistics
import time
from typing import Any

import torch
from torch import nn

Answer = tuple[dict[str, Any], dict[str, Any]]
LOOK_EVERY = {"adam": 50, "lbfgs": 1}  # steps between two looks at the test rows
HALVE_EVERY = 5000  # steps after which Adam's rate is halved


def warm_up() -> None:
    """Take one step with either optimiser."""
    for optimiser in ("adam", "lbfgs"):
        network = _perceptron([1, 4, 1], nn.Tanh, torch.float32)
        _Trainer(network, torch.rand(20, 1), torch.rand(20, 1), optimiser).step()


def regress_until(
    data: dict[str, Any], *, width: int, optimiser: str, target: float, limit_s: float, seed: int
) -> Answer:
    """Fit until the test RMSE is at the target or the time is up; looks at the test rows do not count as time."""
    torch.manual_seed(seed)
    dtype = torch.float32 if optimiser == "adam" else torch.float64
    x, y, x_test, y_test = (
        torch.tensor(data[name], dtype=dtype) for name in ("X_train", "y_train", "X_test", "y_test")
    )
    centre, scale = y.mean(), y.std()
    activation = nn.SiLU if optimiser == "adam" else nn.Tanh
    network = _perceptron([x.shape[1], width, width, 1], activation, dtype)
    trainer = _Trainer(network, x, ((y - centre) / scale).unsqueeze(1), optimiser)
    curve: list[tuple[float, float]] = []
    seconds, error = 0.0, math.inf
    while error > target and seconds <= limit_s:
        started = time.perf_counter()
        for _ in range(LOOK_EVERY[optimiser]):
            trainer.step()
        seconds += time.perf_counter() - started
        with torch.no_grad():
            error = float((network(x_test)[:, 0] * scale + centre - y_test).square().mean().sqrt())
        curve.append((seconds, error))
    return {"seconds": seconds, "rmse": error, "reached": error <= target, "curve": _thinned(curve)}, {}


def learn_in_turn(data: dict[str, Any], *, parts: int, width: int, steps: int, seed: int) -> Answer:
    """Fit to one part after the other with Adam, each time from the network as it is."""
    torch.manual_seed(seed)
    network = _perceptron([1, width, width, 1], nn.Tanh, torch.float64)
    answers, started = {}, time.perf_counter()
    for part in range(parts):
        x, y = torch.tensor(data[f"X_{part}"]), torch.tensor(data[f"y_{part}"]).unsqueeze(1)
        trainer = _Trainer(network, x, y, "adam")
        for _ in range(steps):
            trainer.step()
        with torch.no_grad():
            answers[f"after_{part}"] = network(torch.tensor(data["X"]))[:, 0].numpy()
    return {"seconds": time.perf_counter() - started}, answers


def throughput(data: dict[str, Any], *, inputs: int, width: int, precision: str, repetitions: int, seed: int) -> Answer:
    """Time forward and backward passes on the given batch through a perceptron with one hidden layer."""
    torch.manual_seed(seed)
    dtype = getattr(torch, precision)
    network = _perceptron([inputs, width, 1], nn.SiLU, dtype)
    x, y = torch.tensor(data["X"], dtype=dtype), torch.tensor(data["y"], dtype=dtype).unsqueeze(1)
    times = []
    for _ in range(repetitions):
        network.zero_grad()
        started = time.perf_counter()
        (network(x) - y).square().mean().backward()
        times.append(time.perf_counter() - started)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return {"seconds": statistics.median(times), "parameters": parameters}, {}


class _Trainer:
    """Steps of one optimiser on all rows."""

    def __init__(self, network: nn.Sequential, x: torch.Tensor, y: torch.Tensor, optimiser: str) -> None:
        self.network, self.x, self.y = network, x, y
        if optimiser == "adam":
            adam = torch.optim.Adam(network.parameters(), lr=0.01)
            self.schedule = torch.optim.lr_scheduler.StepLR(adam, HALVE_EVERY, 0.5)
            self.optimiser: torch.optim.Optimizer = adam
        else:
            lbfgs = torch.optim.LBFGS(
                network.parameters(),
                tolerance_grad=1e-32,
                tolerance_change=1e-32,
                history_size=50,
                line_search_fn="strong_wolfe",
            )
            self.schedule = torch.optim.lr_scheduler.StepLR(lbfgs, HALVE_EVERY, 1.0)
            self.optimiser = lbfgs

    def step(self) -> None:
        """Take one step; one of L-BFGS is up to 20 iterations."""
        self.optimiser.step(self._loss)
        self.schedule.step()

    def _loss(self) -> Any:
        self.optimiser.zero_grad()
        loss = (self.network(self.x) - self.y).square().mean()
        loss.backward()
        return loss


def _perceptron(sizes: list[int], activation: type[nn.Module], dtype: torch.dtype) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(sizes):
        layers += [nn.Linear(before, after, dtype=dtype), activation()]
    return nn.Sequential(*layers[:-1])


def _thinned(curve: list[tuple[float, float]], points: int = 400) -> list[tuple[float, float]]:
    """Return at most so many points of a curve, the last one among them."""
    stride = -(-len(curve) // points)
    return curve[::-1][::stride][::-1]
