"""What the dialects are asked: an order of three names, apex and wildcard among them, and its certificate."""

from dataclasses import replace

from toolkit import proofs
from toolkit.dialects import Place
from toolkit.events import Event, Issued

THUMBPRINT = "t" * 43
# The token begins with a dash, and so does the TXT value that belongs to it.
TOKEN = "-000000000000000000000000000000000000000086"
VALUE = "-jBIADf4VrRujLikb916KBXhiiVL3y39QfcbtZFnwS8"
NAMES = ("example.test", "*.example.test", "www.example.test")
PLACE = Place("/state/hooks/x", "/config", "/state")


def passing(**variables):
    return replace(PLACE, passed=variables)


def event(kind="dns-01", name="example.test", token=TOKEN, **more):
    proof = proofs.proof(kind, token, name, THUMBPRINT)
    names = ("example.test", "example.test", "www.example.test")
    given = {"wildcard": False, "all_identifiers": names, "remaining": 0, "cert_name": "shop", "names": NAMES, **more}
    return Event(kind, name, token=token, proof=proof, **given)


def order(kind="dns-01"):
    """The challenges in the CA's order: the wildcard arrives as the base name, a second time."""
    return [
        event(kind, remaining=2),
        event(kind, token="w" * 22, wildcard=True, remaining=1),
        event(kind, "www.example.test", token="x" * 22),
    ]


def issued(**more):
    files = tuple(f"/config/archive/shop/{kind}7.pem" for kind in ("cert", "chain", "fullchain", "privkey"))
    given = {"at": 1_700_000_000, "server": "https://ca.test/dir", "email": "me@example.test", **more}
    return Issued("shop", NAMES, "/config/live/shop", files, **given)


def one(invocations):
    (found,) = invocations
    return found
