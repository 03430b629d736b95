"""Orders at the CA: opening, reading, answering, finalizing, downloading (RFC 8555 §7.4, §7.5).

Every function takes and gives the JSON objects of the RFC, an order with its `url` beside its members.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from toolkit import names as naming
from toolkit import states
from toolkit.ca import times
from toolkit.ca.session import Json, Session
from toolkit.ca.transport import Response
from toolkit.errors import ACME, ProtocolError, Refused, TimedOut, printable
from toolkit.waiting import Deadline, growing

# Each further connection costs a handshake and a nonce, which a few requests do not earn.
_SERIAL_UP_TO = 3
_AT_ONCE = 5

T = TypeVar("T")
R = TypeVar("R")


def open_order(session: Session, names: list[str], options: Json, deadline: Deadline) -> Json:
    """A new order for the names; `options` are further members (profile, replaces, notBefore, notAfter)."""
    wanted = {"identifiers": [naming.acme_identifier(name) for name in names], **options}
    response = session.post(session.endpoint("newOrder", deadline), wanted, deadline, "new order")
    url = response.header("location")
    if not url:
        raise ProtocolError("the CA gave the order no URL")
    order = _order(session, response, session.check(url, deadline))
    _check_identifiers(order, names)
    return order


def read_order(session: Session, url: object, deadline: Deadline) -> Json:
    """The order as the CA sees it now."""
    target = session.check(url, deadline)
    return _order(session, session.post(target, None, deadline, "order"), target)


def read_authorizations(session: Session, order: Json, names: list[str], deadline: Deadline) -> list[Json]:
    """All authorizations of the order, in its order, each with its `url`; several are asked for at once."""

    def read(url: object) -> Json:
        found = session.json(session.post(url, None, deadline, "authorization"), "authorization")
        _check_authorization(found, names)
        return {**found, "url": url}

    return _many(read, order.get("authorizations", []))


def answer(session: Session, challenges: list[Json], deadline: Deadline) -> None:
    """Tell the CA that the challenges can be validated (RFC 8555 §7.5.1)."""

    def post(challenge: Json) -> None:
        what = f"challenge {printable(challenge.get('type'), 40)}"
        challenge.update(session.json(session.post(challenge.get("url"), {}, deadline, what), what))

    _many(post, challenges)


def wait_while(session: Session, order: Json, status: str, deadline: Deadline, pause: float | None = None) -> Json:
    """Read the order until its status is another; raises TimedOut at the deadline, `retry_after` said.

    `pause`: what the CA asked for with Retry-After, in seconds, before the first look.
    """
    for interval in growing(0.015 if session.is_near else 0.25):
        pause = max(interval, pause or 0.0)
        if pause > deadline.remaining():
            raise TimedOut(
                f"the order is still {status} after {deadline.seconds:g} seconds: {order['url']}",
                "run the same command again, or give it more with --timeout",
                retry_after=times.moment(pause, session.now()),
            )
        session.stop.wait(pause)
        response = session.post(order["url"], None, deadline, "order")
        order = _order(session, response, order["url"])
        if states.order_status(order) != status:
            return order
        pause = times.retry_after(response.header("retry-after"), session.now())
    raise AssertionError("growing() never ends")


def wait_for_authorizations(session: Session, authorizations: Sequence[Json], deadline: Deadline) -> bool:
    """Wait until none of them is pending; whether one of them failed. Raises TimedOut."""
    return any(not _becomes_valid(session, authorization, deadline) for authorization in authorizations)


def _becomes_valid(session: Session, authorization: Json, deadline: Deadline) -> bool:
    pause = 0.0
    for interval in growing(0.015 if session.is_near else 0.25):
        pause = max(interval, pause)
        if pause > deadline.remaining():
            raise TimedOut(
                f"an authorization is still pending after {deadline.seconds:g} seconds: {authorization['url']}",
                "run the same command again, or give it more with --timeout",
                retry_after=times.moment(pause, session.now()),
            )
        session.stop.wait(pause)
        response = session.post(authorization["url"], None, deadline, "authorization")
        status = states.authorization_status(session.json(response, "authorization"))
        if status != "pending":
            return status == "valid"
        pause = times.retry_after(response.header("retry-after"), session.now()) or 0.0
    raise AssertionError("growing() never ends")


def finalize(session: Session, order: Json, csr: bytes, deadline: Deadline) -> Json:
    """Send the signing request (DER) and wait until the CA has made up its mind."""
    encoded = base64.urlsafe_b64encode(csr).rstrip(b"=").decode()
    pause = None
    try:
        response = session.post(order.get("finalize"), {"csr": encoded}, deadline, "finalize")
        pause = times.retry_after(response.header("retry-after"), session.now())
        order = _order(session, response, order["url"])
    except Refused:
        # An earlier run may have finalized it already; the order itself tells.
        order = read_order(session, order["url"], deadline)
        if states.order_status(order) not in ("processing", "valid"):
            raise
    if states.order_status(order) == "processing":
        order = wait_while(session, order, "processing", deadline, pause)
    return order


def download(session: Session, order: Json, deadline: Deadline) -> tuple[str, str]:
    """The URL of the certificate and its chain in PEM, as the CA sent it."""
    url = session.check(order.get("certificate"), deadline)
    response = session.post(url, None, deadline, "certificate")
    try:
        return url, response.body.decode("ascii")
    except UnicodeDecodeError:
        raise ProtocolError("the CA sent a certificate that is not PEM") from None


def failure(session: Session, order: Json, names: list[str], deadline: Deadline) -> Refused:
    """Why the order became invalid: its own error, and that of each failed challenge by identifier."""
    problem = dict(order["error"]) if isinstance(order.get("error"), dict) else {}
    found = []
    for authorization in read_authorizations(session, order, names, deadline):
        for challenge in authorization["challenges"]:
            if isinstance(challenge.get("error"), dict):
                found.append({**challenge["error"], "identifier": authorization["identifier"]})
    if found:
        problem.setdefault("subproblems", found)
        if problem.get("type", ACME + "unauthorized") == ACME + "unauthorized":
            problem["type"] = found[0].get("type", ACME + "unauthorized")
    problem.setdefault("detail", "the CA could not validate every name" if found else "the CA made the order invalid")
    problem.setdefault("type", "about:blank")
    return Refused(problem, "order")


def _order(session: Session, response: Response, url: str) -> Json:
    order = session.json(response, "order")
    states.order_status(order)
    if not isinstance(order.get("authorizations", []), list):
        raise ProtocolError("the CA's order has no list of authorizations")
    return {**order, "url": url}


def _check_identifiers(order: Json, names: list[str]) -> None:
    found = order.get("identifiers")
    values = {str(i.get("value")) for i in found if isinstance(i, dict)} if isinstance(found, list) else set()
    if values != set(names):
        raise ProtocolError(f"the CA changed the names of the order to: {printable(' '.join(sorted(values)), 500)}")


def _check_authorization(authorization: Json, names: list[str]) -> None:
    identifier = authorization.get("identifier")
    value = identifier.get("value") if isinstance(identifier, dict) else None
    if value not in {naming.base(name) for name in names}:
        raise ProtocolError(f"the CA sent an authorization for a name that was not ordered: {printable(value, 300)}")
    challenges = authorization.get("challenges")
    if not isinstance(challenges, list) or not all(isinstance(challenge, dict) for challenge in challenges):
        raise ProtocolError(f"the CA's authorization for {value} has no list of challenges")
    states.authorization_status(authorization)


def _many(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    todo = list(items)
    if len(todo) <= _SERIAL_UP_TO:
        return [function(item) for item in todo]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(function, todo))
