"""The peers, and the virtual environment of each: made when it is first needed, below `.venv/peers`.

A peer that needs nothing but what this repository is developed with runs in the environment of this process.
"""

import os
import shlex
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv" / "peers"
TORCH = "torch==2.13.0"


@dataclass(frozen=True)
class Peer:
    """A library to measure: the script that drives it, and what is installed for it, in this order.

    `knows_repository` is true of the scripts that measure this repository.
    """

    name: str
    script: str
    requirements: tuple[str, ...] = ()
    knows_repository: bool = False


OURS = Peer("ours", "kan_peer", knows_repository=True)
OURS_INSIDE = Peer("ours", "kan_throughput_peer", knows_repository=True)
OURS_STARTED = Peer("ours", "kan_start_peer", knows_repository=True)
OURS_SHAPLEY = Peer("ours", "kan_shapley_peer", knows_repository=True)
OURS_EXPLAINED = Peer("ours", "kan_explain_peer", knows_repository=True)
OURS_BATCH = Peer("ours", "kan_batch_peer", knows_repository=True)
MLP = Peer("mlp", "mlp_peer")
LINEAR = Peer("linear", "linear_peer")
PYKAN = Peer(
    "pykan",
    "pykan_peer",
    (
        TORCH,  # first: what is at hand of it is taken, and pykan, which does not name it, finds it there
        "numpy==2.4.6",
        "scikit-learn==1.9.1",
        "matplotlib==3.11.2",
        "pandas==3.1.1",
        "sympy==1.14.0",
        "tqdm==4.70.1",
        "pyyaml==6.0.3",
        "setuptools==84.2.1",
        "pykan==0.2.8",
    ),
)
FRAMES = ("numpy==2.4.6", "scikit-learn==1.9.1", "pandas==3.1.1")
EBM = Peer("ebm", "ebm_peer", (*FRAMES, "interpret-core==0.7.8"))
LIGHTGBM = Peer("lightgbm", "lightgbm_peer", (*FRAMES, "lightgbm==4.7.0"))
SHAP = Peer("shap", "shap_peer", (*FRAMES, "shap==0.51.0"))


def interpreter(peer: Peer) -> Path:
    """Return the Python that runs a peer; makes its environment where it is missing or holds other versions."""
    if not peer.requirements:
        return Path(sys.executable)
    folder = PEERS / peer.name
    python, stamp = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "\n".join(peer.requirements) + "\n"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Making the environment of {peer.name} …", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        for requirement in peer.requirements:
            _install(python, requirement)
        stamp.write_text(wanted)
    return python


def _install(python: Path, requirement: str) -> None:
    """Install one requirement; `TORCH_ARGUMENTS` says where else pip finds torch, as for `make setup`."""
    where = shlex.split(os.environ.get("TORCH_ARGUMENTS", "")) if requirement == TORCH else []
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--quiet"]
    subprocess.run([*pip, *where, requirement], check=True)
