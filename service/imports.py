"""What a process imports at its start stays to its end: looking for garbage in it is time lost, then and later.

A full collection over all that is imported takes a quarter of a second and more, in which nobody is answered; half a
dozen of them make up a quarter of the time of the imports.
"""

import gc
import importlib
from types import ModuleType


def imported(name: str) -> ModuleType:
    """Import a module and all that it needs without a collection; what is there then is never looked at again."""
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        settle()
        gc.enable()


def settle() -> None:
    """Leave everything that is there now out of collections to come."""
    gc.freeze()
