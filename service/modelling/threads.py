"""How many threads the tensor library computes with, in this process.

The tensors of one model are small: sharing them out costs more than it saves, many times more on a busy machine, and
sums split over threads round differently from machine to machine.
"""

import torch


def compute_in_one_thread() -> None:
    """Let the whole process compute with one thread; for a program to call once, when it starts."""
    torch.set_num_threads(1)
