"""When the CA would like a certificate renewed: ACME Renewal Information (RFC 9773), without asking it.

What the CA says is untrusted: a window that cannot be is a ProtocolError, and a moment after the
certificate's end is not heeded. Time and chance are arguments; every time has a zone.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from toolkit.errors import ProtocolError, printable

# RFC 9773 §4.3.2 and §4.3.3: what is asked for is kept within a minute and a day; six hours when nothing is.
_SHORTEST = datetime.timedelta(minutes=1)
_LONGEST = datetime.timedelta(days=1)
_USUAL = datetime.timedelta(hours=6)
# No certificate of a server is older or lives longer; what is outside is a CA's zero or its infinity.
_YEARS = range(1990, 2200)
_URL = re.compile(r"https?://[!-~]{1,2000}", re.ASCII | re.IGNORECASE)
_DATE = r"(\d{4}-\d\d-\d\d)"
_CLOCK = r"((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.(\d{1,30}))?"
_ZONE = r"(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))"
_TIME = re.compile(f"{_DATE}[Tt]{_CLOCK}{_ZONE}", re.ASCII)


@dataclass(frozen=True)
class Window:
    """From when to when the CA suggests renewal."""

    start: datetime.datetime
    end: datetime.datetime

    @classmethod
    def parse(cls, value: object) -> Window:
        """The window in a suggestedWindow as JSON gives it. Raises ProtocolError."""
        if not isinstance(value, dict):
            raise ProtocolError("the CA's renewal information has no window")
        start, end = (read_moment(value.get(key)) for key in ("start", "end"))
        if not start < end:  # RFC 9773 §4.2: as though there was no answer
            raise ProtocolError(f"the CA's window for renewal ends at {_text(end)}, and starts at {_text(start)}")
        return cls(start, end)

    def choose(self, chance: Callable[[], float]) -> datetime.datetime:
        """A moment of the window; `chance` yields numbers from 0 to before 1, all alike probable."""
        return self.start + (self.end - self.start) * chance()

    def to_json(self) -> dict[str, str]:
        return {"start": _text(self.start), "end": _text(self.end)}


@dataclass(frozen=True)
class Suggestion:
    """What the CA answers: the window, and a page that may explain it."""

    window: Window
    explanation: str | None = None

    @classmethod
    def parse(cls, value: object) -> Suggestion:
        """A RenewalInfo object (RFC 9773 §4.2) as JSON gives it. Raises ProtocolError.

        An explanation that is no http(s) URL is left out: the window is good without it.
        """
        if not isinstance(value, dict):
            raise ProtocolError("the CA's renewal information is not a JSON object")
        return cls(Window.parse(value.get("suggestedWindow")), _explanation(value.get("explanationURL")))


@dataclass(frozen=True)
class State:
    """What is kept of a certificate between two runs; without a window while the CA has named none."""

    asked: datetime.datetime
    ask_again: datetime.datetime
    window: Window | None = None
    chosen: datetime.datetime | None = None
    explanation: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The state as JSON can hold it."""
        return {
            "asked": _text(self.asked),
            "ask_again": _text(self.ask_again),
            "window": self.window and self.window.to_json(),
            "chosen": self.chosen and _text(self.chosen),
            "explanation": self.explanation,
        }

    @classmethod
    def from_json(cls, value: object) -> State | None:
        """The state that to_json gave; None for anything else, since the CA can be asked anew."""
        try:
            return _read_state(value)
        except ProtocolError:
            return None


def certificate_id(certificate: x509.Certificate) -> str | None:
    """What the certificate is called at the CA (RFC 9773 §4.1); None if it does not name its issuer's key."""
    try:
        issuer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None
    if not issuer:
        return None
    serial = certificate.serial_number
    # DER: as few bytes as hold the number and its sign, so that 0x87 is preceded by a zero.
    der = serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)
    return f"{_base64url(issuer)}.{_base64url(der)}"


def answered(
    before: State | None, found: Suggestion, pause: float | None, now: datetime.datetime, chance: Callable[[], float]
) -> State:
    """The state after an answer; `pause` is its Retry-After in seconds.

    The moment once chosen stays while the window does: chosen anew on each run, it would creep to the start.
    """
    kept = before.chosen if before and before.window == found.window else None
    again = now + (_USUAL if pause is None else _limited(datetime.timedelta(seconds=pause)))
    return State(now, again, found.window, kept or found.window.choose(chance), found.explanation)


def failed(before: State | None, now: datetime.datetime, later: str | None = None) -> State:
    """The state after no answer, or none of use; what was known stays. `later` is an error's `retry_after`."""
    again = now + _USUAL
    if later is not None:
        with contextlib.suppress(ProtocolError):
            again = now + _limited(read_moment(later) - now)
    if before is None:
        return State(now, again)
    return State(now, again, before.window, before.chosen, before.explanation)


def is_to_be_asked(state: State | None, not_after: datetime.datetime, now: datetime.datetime) -> bool:
    """Whether to ask the CA now: never about an expired certificate, else when the time for it has come.

    A state from the future comes of a clock that was wrong, and does not keep us from asking.
    """
    return now < not_after and (state is None or not state.asked <= now < state.ask_again)


def renew_at(state: State | None, own: datetime.datetime, not_after: datetime.datetime) -> datetime.datetime:
    """When to renew: at the moment chosen; at our `own` if there is none before the certificate's end."""
    chosen = state.chosen if state else None
    return chosen if chosen is not None and chosen < not_after else own


def is_due(moment: datetime.datetime, now: datetime.datetime, next_run: datetime.datetime | None = None) -> bool:
    """Whether to renew now: the moment is past, or would be by the next run (RFC 9773 §4.2, step 5)."""
    return moment <= now or (next_run is not None and moment < next_run)


def read_moment(value: object) -> datetime.datetime:
    """The moment of an RFC 3339 text, in UTC, cut to microseconds. Raises ProtocolError.

    A leap second is the second after the one before it.
    """
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    try:
        if match:
            return _moment(match)
    except (ValueError, OverflowError):
        pass
    raise ProtocolError(f"the CA's renewal information has a time that is none: {printable(value, 100)}")


def _moment(match: re.Match[str]) -> datetime.datetime:
    date, clock, second, fraction, sign, hours, minutes = match.groups()
    is_leap = second == "60"
    offset = datetime.timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    local = datetime.datetime.fromisoformat(f"{date}T{clock}:{'59' if is_leap else second}+00:00")
    found = local.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0"))) - offset
    if found.year not in _YEARS or (is_leap and (found.hour, found.minute) != (23, 59)):
        raise ValueError
    return found + datetime.timedelta(seconds=is_leap)


def _read_state(value: object) -> State | None:
    if not isinstance(value, dict):
        return None
    asked, again = read_moment(value.get("asked")), read_moment(value.get("ask_again"))
    if not _SHORTEST <= again - asked <= _LONGEST:
        return None
    if value.get("window") is None:
        return State(asked, again)
    window, chosen = Window.parse(value["window"]), read_moment(value.get("chosen"))
    if not window.start <= chosen <= window.end:
        return None
    return State(asked, again, window, chosen, _explanation(value.get("explanation")))


def _explanation(value: object) -> str | None:
    try:
        is_url = isinstance(value, str) and _URL.fullmatch(value) and urlsplit(value).hostname
    except ValueError:
        return None
    return str(value) if is_url else None


def _limited(pause: datetime.timedelta) -> datetime.timedelta:
    return min(max(pause, _SHORTEST), _LONGEST)


def _text(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
