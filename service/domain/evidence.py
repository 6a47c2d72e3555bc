"""Evidence packages: all that speaks for a version in one file whose bytes depend on the content alone.

The manifest names the SHA-256 of every file. Its Ed25519 signature covers `edgewise/evidence/v1`, a line feed, and the
canonical JSON of `{"files", "format"}`.
"""

import zipfile
from collections.abc import Mapping
from io import BytesIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.domain.canonical import canonical_json, digest_of

FORMAT = "edgewise-evidence/1"
SIGNED_DOMAIN = "edgewise/evidence/v1"
MANIFEST = "manifest.json"
#: The earliest moment that a zip file can name.
_NO_MOMENT = (1980, 1, 1, 0, 0, 0)
_READABLE_FILE = 0o100644 << 16


def pack(files: Mapping[str, bytes], key: Ed25519PrivateKey | None) -> bytes:
    """The package of these files with its manifest, signed where there is a key."""
    said = {"format": FORMAT, "files": {name: digest_of(content) for name, content in files.items()}}
    signed = f"{SIGNED_DOMAIN}\n{canonical_json(said)}".encode()
    public_key = key.public_key().public_bytes_raw().hex() if key else None
    signature = key.sign(signed).hex() if key else None
    manifest = canonical_json({**said, "public_key": public_key, "signature": signature}).encode()
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as package:
        for name, content in sorted({**files, MANIFEST: manifest}.items()):
            entry = zipfile.ZipInfo(name, _NO_MOMENT)
            entry.create_system, entry.external_attr = 3, _READABLE_FILE
            package.writestr(entry, content)
    return packed.getvalue()
