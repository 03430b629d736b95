"""Short names of public CAs: a literal table of their ACME directories, and what each wants of a new account.

Sources: the documentation of each CA, and the tables of lego and acme.sh, which agree on these URLs. Buypass is not
here: it issued its last certificate in October 2025. This module computes; nobody is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.errors import UsageError, printable


@dataclass(frozen=True)
class Directory:
    """One CA; `needs` has `eab` where an account must be bound to one that its web site knows (RFC 8555 §7.3.4)."""

    name: str
    url: str
    needs: tuple[str, ...] = ()
    note: str = ""


SERVERS = (
    Directory("letsencrypt", "https://acme-v02.api.letsencrypt.org/directory"),
    Directory(
        "letsencrypt-staging",
        "https://acme-staging-v02.api.letsencrypt.org/directory",
        note="for trials: generous limits, no browser trusts it",
    ),
    Directory("zerossl", "https://acme.zerossl.com/v2/DV90", ("eab",)),
    Directory(
        "google",
        "https://dv.acme-v02.api.pki.goog/directory",
        ("eab",),
        "a binding is good for one account, within seven days",
    ),
    Directory(
        "google-staging",
        "https://dv.acme-v02.test-api.pki.goog/directory",
        ("eab",),
        "for trials: no browser trusts it; its bindings are its own",
    ),
    Directory("sslcom", "https://acme.ssl.com/sslcom-dv-rsa", ("eab",), "for certificates with RSA keys"),
    Directory("sslcom-ecc", "https://acme.ssl.com/sslcom-dv-ecc", ("eab",), "for certificates with ECDSA keys"),
    Directory("actalis", "https://acme-api.actalis.com/acme/directory", ("eab",)),
)


def resolve(server: str) -> str:
    """The directory's URL: that of the short name, or what is a URL already. Raises UsageError."""
    if "://" in server:
        return server
    for known in SERVERS:
        if known.name == server:
            return known.url
    raise UsageError(
        f"no CA with the short name {printable(server, 100)!r}",
        "acme-account servers prints the names; any other CA is named by the URL of its directory",
    )
