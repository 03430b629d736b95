"""A lineage as one file, in the forms that other programs read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12

from toolkit import files
from toolkit.errors import UsageError
from toolkit.store.lineages import Lineage

# What Java before 8u301, Windows before 2019 and macOS before 15 can read (RFC 7292, appendix C).
_LEGACY_ROUNDS = 2048


def write(lineage: Lineage, form: str, path: Path, password: bytes | None) -> None:
    """Write the lineage in one of FORMS: 0600 if the key is in it, else 0644; a file that is there keeps its access.

    `password` is for the forms that are encrypted. Raises UsageError, FileTrouble.
    """
    make, secret = FORMS[form]
    if password is not None and not form.startswith("pkcs12"):
        raise UsageError(f"{form} has no password", "take pkcs12, or leave the password away")
    files.replace(path, make(lineage, password), 0o600 if secret else 0o644, keep_access=True)


def _pem(lineage: Lineage, password: bytes | None) -> bytes:
    return files.read(lineage.live / "privkey.pem") + files.read(lineage.live / "fullchain.pem")


def _der(lineage: Lineage, password: bytes | None) -> bytes:
    return lineage.chain().leaf.public_bytes(Encoding.DER)


def _pkcs12(lineage: Lineage, password: bytes | None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else NoEncryption()
    return _archive(lineage, encryption)


def _pkcs12_legacy(lineage: Lineage, password: bytes | None) -> bytes:
    if not password:
        raise UsageError("programs that need pkcs12-legacy need a password too", "name its file with --password-file")
    builder = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(_LEGACY_ROUNDS)
    builder = builder.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).hmac_hash(hashes.SHA1())  # noqa: S303
    return _archive(lineage, builder.build(password))


def _archive(lineage: Lineage, encryption: serialization.KeySerializationEncryption) -> bytes:
    chain = lineage.chain()
    name = lineage.name.encode()
    return pkcs12.serialize_key_and_certificates(name, lineage.key(), chain.leaf, chain.certificates[1:], encryption)


FORMS: Mapping[str, tuple[Callable[[Lineage, bytes | None], bytes], bool]] = {
    "pem": (_pem, True),
    "der": (_der, False),
    "pkcs12": (_pkcs12, True),
    "pkcs12-legacy": (_pkcs12_legacy, True),
}
