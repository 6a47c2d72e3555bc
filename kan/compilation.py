"""Loops that are compiled at their first call, and kept on disk for the next process where a folder can be written.

No operation is reordered, fused or replaced (`fastmath` is off), so that a compiled loop gives the bits of plain
IEEE 754 arithmetic on every processor, whatever number of elements it takes at once.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Return the compiled loop; while it runs, other threads go on."""
    plain = inspect.unwrap(function)  # checks of types in tests are no arithmetic
    try:
        loop = njit(cache=True, nogil=True, error_model="numpy")(plain)
    except RuntimeError:  # there is no folder that can be written
        loop = njit(nogil=True, error_model="numpy")(plain)
    return cast(Function, loop)
