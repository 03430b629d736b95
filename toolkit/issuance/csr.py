"""Private keys for certificates to be, and their signing requests."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit import keys
from toolkit.document import Document, title
from toolkit.issuance.local import Local
from toolkit.keys import KeyType
from toolkit.store import lineages, private_keys


@dataclass(frozen=True)
class KeyWish:
    """Which key the certificate shall be for: a new one of `type`, or the lineage's own again."""

    type: KeyType
    reuse: bool = False


def make_csr(local: Local, document: Document, wish: KeyWish) -> None:
    """Make a key, keep it, and put its signing request into the document."""
    document["csr"] = own_csr(local, document, wish)
    local.say(f"{title(document)}: made the key {document['key']['path']}")


def own_csr(local: Local, document: Document, wish: KeyWish) -> str:
    """A signing request (PEM) for the document's names; its key is durable, and named in the document."""
    local.keep_certbot_out()
    present = lineages.current(local.paths, document["cert_name"]) if wish.reuse else None
    key = present.key() if present else keys.generate(wish.type)
    document["key"] = {"path": str(private_keys.save(local.paths, key)), "type": str(keys.type_of(key))}
    return keys.make_csr(key, document["names"])
