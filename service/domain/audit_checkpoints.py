"""Checkpoints: the end of the audit chain at a moment, signed with Ed25519 (RFC 8032) and kept outside.

The signature covers `edgewise/audit-checkpoint/v1`, a line feed, and the canonical JSON of the checkpoint. The public
key is the 32 bytes of RFC 8032 and the signature its 64 bytes, both in hexadecimal.
"""

from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from pydantic import Field, StringConstraints

from service.domain.audit import Head
from service.domain.canonical import canonical_json
from service.domain.documents import Document
from service.errors import KeyRefused

CHECKPOINT_DOMAIN = "edgewise/audit-checkpoint/v1"

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
SignatureText = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


class Checkpoint(Document):
    """Where the chain ended at a moment, and who vouches for it; without a key nobody does."""

    seq: int = Field(ge=0)
    hash: Hash
    at: str
    public_key: Hash | None = None
    signature: SignatureText | None = None

    @property
    def head(self) -> Head:
        """The end of the chain."""
        return Head(self.seq, self.hash)


def sign(head: Head, at: str, key: Ed25519PrivateKey | None) -> Checkpoint:
    """The checkpoint of a head, signed where there is a key."""
    unsigned = Checkpoint(seq=head.seq, hash=head.hash, at=at)
    if key is None:
        return unsigned
    public_key = key.public_key().public_bytes_raw().hex()
    return unsigned.model_copy(update={"public_key": public_key, "signature": key.sign(_signed_text(unsigned)).hex()})


def signature_holds(checkpoint: Checkpoint, trusted_key: str | None = None) -> bool:
    """Whether the key that is named, and trusted where one is trusted, has signed the checkpoint."""
    if checkpoint.public_key is None or checkpoint.signature is None:
        return False
    if trusted_key is not None and checkpoint.public_key != trusted_key:
        return False
    public_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(checkpoint.public_key))
    try:
        public_key.verify(bytes.fromhex(checkpoint.signature), _signed_text(checkpoint))
    except InvalidSignature:
        return False
    return True


def private_key_of(pem: bytes) -> Ed25519PrivateKey:
    """The key in a PEM file. Raises KeyRefused."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise KeyRefused("private") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused("private")
    return key


def public_key_of(pem: bytes) -> str:
    """The key in a PEM file, in hexadecimal. Raises KeyRefused."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        raise KeyRefused("public") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyRefused("public")
    return key.public_bytes_raw().hex()


def _signed_text(checkpoint: Checkpoint) -> bytes:
    said = {"seq": checkpoint.seq, "hash": checkpoint.hash, "at": checkpoint.at}
    return f"{CHECKPOINT_DOMAIN}\n{canonical_json(said)}".encode()
