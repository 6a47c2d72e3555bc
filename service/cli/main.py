"""The `edgewise` command: one sub-command a job, one clear sentence for each thing that can go wrong."""

import argparse
import getpass
import json
import secrets
import sys
from collections.abc import Callable, Sequence
from typing import get_args

from pydantic import ValidationError

from service.app import STATIC_DIRECTORY, create_app
from service.cli import preconditions
from service.cli.audit import add_audit_commands, run_audit
from service.cli.demo import run_demo
from service.cli.following import follow, tell
from service.cli.serving import serve
from service.domain.permissions import ROLES
from service.domain.predictions import PredictionSearch
from service.domain.sign_in import MINIMUM_PASSWORD_LENGTH
from service.errors import EdgewiseError
from service.operations.decision_records import encrypt_records
from service.operations.health import migrate, ready_resources
from service.operations.identity_providers import link_user
from service.operations.prediction_exports import ExportFormat, export_predictions
from service.operations.replays import replay_predictions
from service.operations.reproductions import reproduce_version
from service.operations.retention import erasable_models, erase_predictions
from service.operations.score_retention import erase_scores
from service.operations.users import create_user
from service.settings import Settings
from service.worker.process import run_worker

FAILURE = 1
DIFFERENCE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; the exit status is 0, 1 for a failure, 2 where something is found that should not be."""
    parsed = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace, Settings], int] = parsed.command
    try:
        return command(parsed, Settings())
    except EdgewiseError as error:
        print(f"edgewise: {error.message}", file=sys.stderr)
    except ValidationError as error:
        for item in error.errors():
            print(f"edgewise: EDGEWISE_{str(item['loc'][0]).upper()}: {item['msg']}", file=sys.stderr)
    return FAILURE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edgewise", description="Explainable predictions, reviewed and signed.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace, Settings], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        return sub

    add("serve", _serve, "Serve the API and the browser pages.")
    add("worker", _worker, "Run training jobs from the queue until stopped.")
    follow = add("follow", _follow, "Show the progress of a training job until it ends.")
    follow.add_argument("job", help="the job's id")
    again = add("reproduce", _reproduce, "Make a version once more from what is stored, and compare the digests.")
    again.add_argument("model", help="short name of the model")
    again.add_argument("version", type=int, help="number of the version")
    replay = add("replay", _replay, "Compute stored predictions again and compare the bits.")
    replay.add_argument("--model", help="short name of the model; all models without it")
    replay.add_argument("--since", help="only records from this moment on, for example 2027-01-31T12:00:00Z")
    export = add("export-predictions", _export_predictions, "Write decision records to the standard output.")
    export.add_argument("--model", help="short name of the model; all models without it")
    export.add_argument("--since", help="only records from this moment on, for example 2027-01-31T12:00:00Z")
    export.add_argument("--until", help="only records before this moment")
    export.add_argument("--format", choices=get_args(ExportFormat), default="jsonl", help="jsonl unless given")
    add("encrypt-records", _encrypt_records, "Encrypt all decision records with the newest key.")
    add("migrate", _migrate, "Bring the database to the schema of this release.")
    add("demo", _demo, "Migrate, make demo data once, then run service and worker until Ctrl-C.")
    add("openapi", _openapi, "Print the OpenAPI description of the API.")
    user = add("create-user", _create_user, "Create a person who can sign in.")
    user.add_argument("name", help="name to sign in with")
    user.add_argument("--printed-name", required=True, help="name as it is printed on signatures")
    user.add_argument("--role", required=True, action="append", choices=ROLES, help="may be given more than once")
    user.add_argument("--service", action="store_true", help="a service: its keys act, and it can never sign")
    user.add_argument("--generate-password", action="store_true", help="make a password and print it once")
    link = add("link-user", _link_user, "Let an account be used by whoever has a subject at the identity provider.")
    link.add_argument("name", help="name of the account")
    link.add_argument("subject", help="the person's subject (sub) at the provider")
    erase = add("erase", _erase, "Erase decision records and scores that are older than they may be.")
    erase.add_argument("model", nargs="?", help="only this model; otherwise every one with a schedule and no hold")
    add_audit_commands(add("audit", run_audit, "Export the audit trail, and verify it without the service."))
    return parser


def _serve(_parsed: argparse.Namespace, settings: Settings) -> int:
    preconditions.require_directory(settings.data_dir)
    preconditions.require_free_port(settings.host, settings.port)
    preconditions.require_front_end(STATIC_DIRECTORY)
    serve(settings)
    return 0


def _worker(_parsed: argparse.Namespace, settings: Settings) -> int:
    preconditions.require_directory(settings.data_dir)
    run_worker(settings)


def _follow(parsed: argparse.Namespace, settings: Settings) -> int:
    with ready_resources(settings) as resources:
        return 0 if follow(resources, parsed.job, sys.stdout) == "succeeded" else FAILURE


def _reproduce(parsed: argparse.Namespace, settings: Settings) -> int:
    with ready_resources(settings) as resources:
        result = reproduce_version(resources, parsed.model, parsed.version, lambda event: tell(sys.stderr, event))
    print(result.model_dump_json(indent=2))
    return 0 if result.is_equal else DIFFERENCE


def _erase(parsed: argparse.Namespace, settings: Settings) -> int:
    with ready_resources(settings) as resources:
        for model in [parsed.model] if parsed.model else erasable_models(resources):
            print(erase_predictions(resources, None, model).model_dump_json())
        if settings.scores_keep_days is not None:
            print(erase_scores(resources, settings.scores_keep_days, parsed.model).model_dump_json())
    return 0


def _replay(parsed: argparse.Namespace, settings: Settings) -> int:
    search = PredictionSearch(model=parsed.model, since=parsed.since)
    with ready_resources(settings) as resources:
        result = replay_predictions(resources, search, lambda done: print(f"{done:,} replayed", file=sys.stderr))
    print(result.model_dump_json(indent=2))
    return DIFFERENCE if result.different else 0


def _export_predictions(parsed: argparse.Namespace, settings: Settings) -> int:
    search = PredictionSearch(model=parsed.model, since=parsed.since, until=parsed.until)
    with ready_resources(settings) as resources:
        for part in export_predictions(resources, None, search, parsed.format):
            sys.stdout.buffer.write(part)
    return 0


def _encrypt_records(_parsed: argparse.Namespace, settings: Settings) -> int:
    with ready_resources(settings) as resources:
        count = encrypt_records(resources, lambda done: print(f"{done:,} encrypted", file=sys.stderr))
    print(f"{count:,} records were encrypted; the keys of all are wrapped by the newest one now.")
    return 0


def _migrate(_parsed: argparse.Namespace, settings: Settings) -> int:
    preconditions.require_directory(settings.data_dir)
    migrate(settings.resolved_database_url)
    return 0


def _demo(_parsed: argparse.Namespace, settings: Settings) -> int:
    preconditions.require_directory(settings.data_dir)
    preconditions.require_free_port(settings.host, settings.port)
    preconditions.require_front_end(STATIC_DIRECTORY)
    return run_demo(settings)


def _openapi(_parsed: argparse.Namespace, settings: Settings) -> int:
    print(json.dumps(create_app(settings).openapi(), indent=2, sort_keys=True))
    return 0


def _link_user(parsed: argparse.Namespace, settings: Settings) -> int:
    with ready_resources(settings) as resources:
        link_user(resources, parsed.name, parsed.subject)
    return 0


def _create_user(parsed: argparse.Namespace, settings: Settings) -> int:
    password = secrets.token_urlsafe(15) if parsed.generate_password else getpass.getpass("Password: ")
    if len(password) < MINIMUM_PASSWORD_LENGTH:
        print(f"edgewise: the password needs {MINIMUM_PASSWORD_LENGTH} characters.", file=sys.stderr)
        return FAILURE
    with ready_resources(settings) as resources:
        create_user(
            resources, parsed.name, parsed.printed_name, frozenset(parsed.role), password, is_service=parsed.service
        )
    if parsed.generate_password:
        print(password)
    return 0
