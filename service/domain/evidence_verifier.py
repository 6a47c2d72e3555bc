"""Verifies an evidence package without the service: python verify.py PACKAGE.zip [PUBLIC_KEY]

It is a program of its own that needs Python's standard library and `cryptography`, and travels inside each package.
Exit status: 0, everything holds; 2, something does not, and is named; 1, it could not be found out.
PUBLIC_KEY, 64 hexadecimal digits, is the Ed25519 key that the owner of the service publishes; without it, the package
is checked against the key that it names itself.
"""

import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HOLDS, FAILURE, FINDING = 0, 1, 2


def main(arguments: list[str]) -> int:
    """Verify the package that is named; the exit status."""
    if len(arguments) not in (1, 2):
        sys.stderr.write("usage: python verify.py PACKAGE.zip [PUBLIC_KEY]\n")
        return FAILURE
    try:
        with zipfile.ZipFile(arguments[0]) as package:
            files = {name: package.read(name) for name in package.namelist()}
            faults = list(verify(files, arguments[1] if len(arguments) == 2 else None))
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        sys.stderr.write(f"The package cannot be read: {error!r}\n")
        return FAILURE
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    sys.stdout.write("Something does not hold.\n" if faults else "Everything holds.\n")
    return FINDING if faults else HOLDS


def verify(files: dict[str, bytes], trusted_key: str | None) -> Iterator[str]:
    """What does not hold, a sentence each."""
    manifest = json.loads(files["manifest.json"])
    yield from _check_manifest(files, manifest, trusted_key)
    version, reviews = json.loads(files["version.json"]), json.loads(files["reviews.json"])
    if digest(files["artifact.safetensors"]) != version["digest"]:
        yield "The artifact is not the one that the version names."
    if json.loads(files["dataset.json"])["digest"] != version["dataset_digest"]:
        yield "The dataset is not the one that the version names."
    events: list[dict[str, Any]] = []
    yield from _check_trail(files["audit.jsonl"].decode(), events, trusted_key)
    yield from _check_creation(version, events)
    recorded = {event["details"]["signature"] for event in events if event["action"] == "signatures.created"}
    for review in reviews:
        yield from _check_review(review, version, recorded)
    was_approved = version["state"] in ("approved", "suspended", "retired")
    if was_approved and not any(review["state"] == "approved" for review in reviews):
        yield f"The version is {version['state']}, but no review has approved it."


def _check_manifest(files: dict[str, bytes], manifest: dict[str, Any], trusted_key: str | None) -> Iterator[str]:
    said = {"format": manifest["format"], "files": manifest["files"]}
    found = {name: digest(content) for name, content in files.items() if name != "manifest.json"}
    for name in sorted({*found, *manifest["files"]}):
        if found.get(name) != manifest["files"].get(name):
            yield f"The file {name} is not the one that the manifest names."
    if not is_signed(manifest, f"edgewise/evidence/v1\n{canonical(said)}", trusted_key):
        yield "The manifest is not signed by the key."


def _check_trail(text: str, events: list[dict[str, Any]], trusted_key: str | None) -> Iterator[str]:
    """The chain from the version's first event to the signed end; fills `events` with what is in place."""
    first, *lines = text.splitlines()
    checkpoint = json.loads(first)["checkpoint"]
    said = {name: checkpoint[name] for name in ("seq", "hash", "at")}
    if not is_signed(checkpoint, f"edgewise/audit-checkpoint/v1\n{canonical(said)}", trusted_key):
        yield "The end of the audit trail is not signed by the key."
    previous: dict[str, Any] | None = None
    for line in lines:
        link = json.loads(line)
        covered = f"edgewise/audit/v1\n{link['seq']}\n{link['prev_hash']}\n{link['payload']}\n"
        if hashlib.sha256(covered.encode()).hexdigest() != link["hash"]:
            yield f"Event {link['seq']} of the audit trail was altered."
        if previous and (link["seq"], link["prev_hash"]) != (previous["seq"] + 1, previous["hash"]):
            yield f"Event {link['seq']} of the audit trail does not follow its predecessor."
        events.append(json.loads(link["payload"]))
        previous = link
    if previous is None or (previous["seq"], previous["hash"]) != (checkpoint["seq"], checkpoint["hash"]):
        yield "The audit trail does not end where its checkpoint says."


def _check_creation(version: dict[str, Any], events: list[dict[str, Any]]) -> Iterator[str]:
    subject = f"models/{version['model']}/versions/{version['number']}"
    made = [event for event in events if event["action"] == "model_versions.created" and event["subject"] == subject]
    if [event["details"]["digest"] for event in made] != [version["digest"]]:
        yield "The audit trail does not say that this version was made with this artifact."


def _check_review(review: dict[str, Any], version: dict[str, Any], recorded: set[str]) -> Iterator[str]:
    where = f"Round {review['round']}:"
    bound = {
        "review": review["id"],
        "artifact_digest": version["digest"],
        "decisions_digest": digest(canonical(review["decisions"]).encode()),
        "policy_digest": digest(canonical(review["policy"]).encode()),
    }
    signers, meanings = set(), []
    for signature in review["signatures"]:
        content = json.loads(signature["content"])
        who = f"{where} the signature of {content['printed_name']}"
        if digest(signature["content"].encode()) != signature["digest"]:
            yield f"{who} was altered."
        if signature["digest"] not in recorded:
            yield f"{who} is not on the audit trail."
        for name, value in bound.items():
            if content[name] not in (value, None):
                yield f"{who} binds another {name.replace('_', ' ')}."
        if content["signer"] in version["contributor_ids"]:
            yield f"{who} is that of a contributor."
        signers.add(content["signer"])
        meanings.append(content["meaning"])
    is_complete = len(signers) >= review["policy"]["quorum"] and "approval" in meanings and "rejection" not in meanings
    if review["state"] == "approved" and not is_complete:
        yield f"{where} it is approved without the quorum that its policy needs."


def is_signed(said: dict[str, Any], text: str, trusted_key: str | None) -> bool:
    """Whether the key that is named, or the trusted one, has signed; what nobody signed holds for nobody's key."""
    if said["signature"] is None:
        return trusted_key is None
    if trusted_key not in (None, said["public_key"]):
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(said["public_key"]))
        key.verify(bytes.fromhex(said["signature"]), text.encode())
    except InvalidSignature:
        return False
    return True


def digest(content: bytes) -> str:
    """`sha256:` and the hexadecimal SHA-256."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def canonical(value: object) -> str:
    """Sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
