"""The commands about the audit trail: checkpoint, export, verify."""

import argparse
from pathlib import Path

from service.domain.audit import Verification
from service.operations.audit_events import (
    create_checkpoint,
    export_audit_trail,
    read_trusted,
    verify_audit_file,
    verify_audit_trail,
)
from service.operations.health import ready_resources
from service.settings import Settings

#: The exit status of a trail that does not hold; 0 is one that does, 1 a failure to find out.
FINDING = 2


def add_audit_commands(parser: argparse.ArgumentParser) -> None:
    """What follows `edgewise audit`."""
    parser.add_argument("action", choices=["checkpoint", "export", "verify"])
    parser.add_argument("file", nargs="?", type=Path, help="where to export to, or the export to verify")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint kept from before, to verify against")
    parser.add_argument("--public-key", type=Path, help="PEM file of the key that must have signed")


def run_audit(parsed: argparse.Namespace, settings: Settings) -> int:
    """Run one of them; the exit status of `verify` is 0 where the trail holds and 2 where it does not."""
    if parsed.action == "verify":
        result = _verify(parsed, settings)
        print(result.model_dump_json(indent=2))
        return 0 if result.holds else FINDING
    with ready_resources(settings) as resources:
        if parsed.action == "checkpoint":
            checkpoint = create_checkpoint(resources)
        elif parsed.file is None:
            raise SystemExit("edgewise: audit export needs the name of a new file")
        else:
            checkpoint = export_audit_trail(resources, parsed.file)
    print(checkpoint.model_dump_json())
    return 0


def _verify(parsed: argparse.Namespace, settings: Settings) -> Verification:
    trusted = read_trusted(parsed.checkpoint, parsed.public_key)
    if parsed.file is not None:
        return verify_audit_file(parsed.file, trusted)
    with ready_resources(settings) as resources:
        return verify_audit_trail(resources, None, trusted.checkpoint)
