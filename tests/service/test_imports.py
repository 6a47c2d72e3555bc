"""Imports without collections: what is imported is frozen, and collections go on afterwards."""

import subprocess
import sys

SCRIPT = """
import gc
from service.imports import imported
before = gc.get_stats()[2]["collections"]
module = imported("service.domain.predictions")
assert module.Prediction.__name__ == "Prediction"
assert gc.get_stats()[2]["collections"] == before
assert gc.isenabled()
assert gc.get_freeze_count() > 1000
try:
    imported("service.nothing")
except ModuleNotFoundError:
    print("enabled" if gc.isenabled() else "disabled")
"""


def test_what_is_imported_is_left_out_of_collections_that_go_on_afterwards() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "enabled"


def test_the_command_is_the_same_by_its_module() -> None:
    command = [sys.executable, "-m", "service.cli", "audit", "--help"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "verify" in ran.stdout
