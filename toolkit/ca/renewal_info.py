"""Asking the CA when it would like a certificate renewed (RFC 9773 §4): one GET that nobody signs."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.ari import Suggestion
from toolkit.ca import times
from toolkit.ca.session import Session
from toolkit.errors import ProtocolError, Refused
from toolkit.waiting import Deadline

_WHAT = "renewal information"
_NOT_KNOWN = (404, 410)
# The object has three short texts.
_LONGEST = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What the CA suggests, and its Retry-After in seconds, if it had one."""

    suggestion: Suggestion
    pause: float | None


def fetch(session: Session, certificate_id: str, deadline: Deadline) -> Answer | None:
    """What the CA says of the certificate `ari.certificate_id` names; the session needs no account.

    None if the CA offers no such thing or does not know the certificate. Raises Unreachable, Refused,
    ProtocolError, none of which should keep anybody from a renewal.
    """
    if "renewalInfo" not in session.directory(deadline):
        return None
    url = session.endpoint("renewalInfo", deadline).removesuffix("/")
    try:
        response = session.get(f"{url}/{certificate_id}", deadline, _WHAT)
    except Refused as error:
        if error.answer in _NOT_KNOWN:
            return None
        raise
    if response.status != 200:
        raise ProtocolError(f"{_WHAT}: the CA answered {response.status}")
    if len(response.body) > _LONGEST:
        raise ProtocolError(f"{_WHAT}: the CA sent more than {_LONGEST} bytes")
    pause = times.retry_after(response.header("retry-after"), session.now())
    return Answer(Suggestion.parse(session.json(response, _WHAT)), pause)
