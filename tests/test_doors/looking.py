"""A look at a TXT record in a lab, and what is told of it."""

from toolkit.probe.authoritative import Look
from toolkit.probe.resolver import Resolver
from toolkit.waiting import Stop

NAME, RECORD = "_acme-challenge.example.test", "_acme-challenge.example.test."
VALUE = "v" * 43


def look(lab):
    return Look(Resolver(lab.resolver.where), Stop(), lab.port)


def seen(lab, name=NAME):
    return look(lab).at([name])[name]


def texts(pairs):
    return [f"{said}: {why}" for said, why in pairs]


def everywhere(found):
    return bool(found.said) and not found.lacking(VALUE) and not found.silent()
