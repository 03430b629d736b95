"""Challenges to be solved."""

from toolkit import proofs
from toolkit.events import Event

TOKENS = [letter * 22 for letter in "abc"]


def event(token=TOKENS[0], kind="http-01", name="a.example", *, wildcard=False, remaining=0):
    proof = proofs.proof(kind, token, name, "t" * 43)
    return Event(kind, name, wildcard, token, proof, (name, "b.example"), remaining)
