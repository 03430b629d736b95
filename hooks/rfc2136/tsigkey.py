"""The key that signs updates (RFC 8945): out of a key file of BIND, certbot-dns-rfc2136's file, or the environment."""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from typing import TYPE_CHECKING

import dns.exception
import dns.name
import dns.tsig
from failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALGORITHMS = {
    "hmac-sha256": dns.tsig.HMAC_SHA256,
    "hmac-sha512": dns.tsig.HMAC_SHA512,
    "hmac-sha384": dns.tsig.HMAC_SHA384,
    "hmac-sha224": dns.tsig.HMAC_SHA224,
    "hmac-sha1": dns.tsig.HMAC_SHA1,
    "hmac-md5": dns.tsig.HMAC_MD5,
}
_LARGEST = 65536
# Base64 has slashes in it, so // begins a comment where a word could begin, and not within one.
_COMMENT = re.compile(r'("[^"\n]*")|/\*.*?\*/|(?:^|(?<=[\s;{}]))(?://|#)[^\n]*', re.DOTALL)
_KEY = re.compile(r'\bkey\s+"?(?P<name>[^\s"{};]+)"?\s*\{(?P<body>[^}]*)\}')
_FIELD = re.compile(r'\b(algorithm|secret)\s+"?([^\s";]+)"?\s*;')
_INI = re.compile(r"""^\s*dns_rfc2136_(\w+)\s*=\s*(["']?)(.*?)\2\s*$""", re.MULTILINE)


def read_private(path: str, variable: str) -> str:
    """The text of a file with secrets; Failure unless only its owner, who is us or root, may touch it."""
    try:
        with open(path, "rb") as file:
            about = os.fstat(file.fileno())
            content = file.read(_LARGEST + 1) if stat.S_ISREG(about.st_mode) else b""
    except OSError as error:
        raise Failure(f"{variable}: cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    if not stat.S_ISREG(about.st_mode) or len(content) > _LARGEST:
        raise Failure(f"{variable}: {path} is no file of credentials")
    if about.st_mode & 0o077:
        raise Failure(f"{variable}: {path} is open to others than its owner; chmod 600 {path}")
    if about.st_uid not in (os.geteuid(), 0):
        raise Failure(f"{variable}: {path} belongs to another user; chown it to the one who runs this")
    return content.decode("utf-8", "replace")


def from_keyfile(text: str, path: str, wanted: str | None) -> dns.tsig.Key:
    """The key of a file that tsig-keygen wrote; of several, the one called `wanted`."""
    bare = _COMMENT.sub(lambda match: match[1] or " ", text)
    found = {match["name"].rstrip(".").lower(): match for match in _KEY.finditer(bare)}
    if not found:
        raise Failure(f'RFC2136_TSIG_KEYFILE: {path} has no key "NAME" {{ algorithm ...; secret "..."; }}; in it')
    if wanted is None and len(found) > 1:
        raise Failure(f"RFC2136_TSIG_KEYFILE: {path} has several keys; choose one with RFC2136_TSIG_NAME")
    name = wanted.rstrip(".").lower() if wanted else next(iter(found))
    if name not in found:
        raise Failure(f"RFC2136_TSIG_NAME: {path} has no key {name}")
    fields = dict(_FIELD.findall(found[name]["body"]))
    if fields.keys() != {"algorithm", "secret"}:
        raise Failure(f"RFC2136_TSIG_KEYFILE: the key {name} in {path} needs an algorithm and a secret")
    return make(name, fields["secret"], fields["algorithm"], f"RFC2136_TSIG_KEYFILE: {path}")


def read_ini(text: str) -> dict[str, str]:
    """The settings of certbot-dns-rfc2136's credentials file, without their common prefix."""
    return {name: value for name, _, value in _INI.findall(text)}


def from_environment(environment: Mapping[str, str]) -> dns.tsig.Key:
    """The key of RFC2136_TSIG_NAME, RFC2136_TSIG_SECRET and, unless it is hmac-sha256, RFC2136_TSIG_ALGORITHM."""
    name, secret = environment.get("RFC2136_TSIG_NAME"), environment.get("RFC2136_TSIG_SECRET")
    if not name or not secret:
        raise Failure(
            "no key to sign updates with; give RFC2136_TSIG_KEYFILE=FILE, or RFC2136_TSIG_NAME and RFC2136_TSIG_SECRET"
        )
    return make(name, secret, environment.get("RFC2136_TSIG_ALGORITHM") or "hmac-sha256", "RFC2136_TSIG_SECRET")


def make(name: str, secret: str, algorithm: str, source: str) -> dns.tsig.Key:
    """A key; Failure, without the secret in it, when a part of it cannot be one."""
    chosen = _ALGORITHMS.get(algorithm.lower().rstrip("."))
    if chosen is None:
        raise Failure(f"{source}: unknown algorithm {algorithm[:40]!r}; one of {', '.join(_ALGORITHMS)}")
    try:
        raw = base64.b64decode(secret, validate=True)
        # PowerDNS knows the names of keys in small letters only.
        return dns.tsig.Key(dns.name.from_text(name.lower()), raw, chosen)
    except (binascii.Error, ValueError):
        raise Failure(f"{source}: the secret is not base64; copy it whole, as tsig-keygen wrote it") from None
    except dns.exception.DNSException:
        raise Failure(f"{source}: {name[:80]!r} cannot be the name of a key") from None
