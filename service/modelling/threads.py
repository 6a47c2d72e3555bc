"""How many threads the numeric libraries compute with, in this process.

The tensors of one model are small: sharing them out costs more than it saves, many times more on a busy machine, and
sums split over threads round differently from machine to machine.
"""

import torch
from threadpoolctl import threadpool_limits


def compute_in_one_thread() -> None:
    """Let the whole process compute with one thread; for a program to call once, when it starts."""
    torch.set_num_threads(1)
    threadpool_limits(1)
