"""One certificate authority and one certificate with every name the sandbox knows."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True, slots=True)
class Certificates:
    """ca: PEM that clients trust. leaf: PEM with key and chain that the server shows.

    spki: base64 SHA-256 of the leaf's public key, for Chromium's --ignore-certificate-errors-spki-list.
    """

    ca: Path
    leaf: Path
    spki: str


def issue(directory: Path, hosts: list[str]) -> Certificates:
    """Write fresh `ca.pem` and `leaf.pem` for `hosts` ("*.name" allowed) into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA(organization_name="Sightline sandbox")
    leaf = authority.issue_cert(*hosts)
    ca_path, leaf_path = directory / "ca.pem", directory / "leaf.pem"
    authority.cert_pem.write_to_path(str(ca_path))
    leaf_path.touch(mode=0o600)
    # With the authority in the chain, a browser can be told to trust the authority's key.
    leaf_path.write_bytes(leaf.private_key_and_cert_chain_pem.bytes() + authority.cert_pem.bytes())
    key = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return Certificates(ca_path, leaf_path, base64.b64encode(digest).decode())
