"""What is to be done with a lineage, by what is known of it."""

import datetime

import pytest

from tests.test_parts.test_lineages import CA
from tests.test_pure.chains import NOW, new_key, pem
from toolkit import ari, certs
from toolkit.config import Directories
from toolkit.errors import BadDocument, FileTrouble, TryLater, UsageError
from toolkit.renewal.decision import decide
from toolkit.store.attempts import Attempts, digest
from toolkit.store.inventory import Standing
from toolkit.store.lineages import Lineage
from toolkit.store.paths import Paths

DAY = datetime.timedelta(days=1)
SETTINGS = {"names": ["a.example"], "server": "https://ca.example/dir"}


def standing(start=NOW - DAY, end=NOW + 89 * DAY, settings=SETTINGS, owed=(), names=("a.example",), **more):
    chain = certs.read_chain(pem(CA.leaf(new_key(), list(names), start=start, end=end), CA.intermediate))
    live = Paths(Directories("c", "w")).directories.config
    return Standing("a.example", Lineage("a.example", 1, live), chain, settings, frozenset(owed), **more)


def suggestion(chosen, of):
    """What the CA has said of the certificate that is live in the standing."""
    window = ari.Window(chosen - DAY, chosen + DAY)
    return Attempts(suggested=ari.State(NOW - DAY, NOW + DAY, window, chosen), certificate=of.chain.fingerprint)


@pytest.mark.parametrize(
    ("start", "end", "act"),
    [
        (-1, 89, False),
        (-59, 31, False),
        (-61, 29, True),
        (-4, 4.1, False),
        (-4.1, 4, True),
        (-100, -1, True),
        (-400, -300, True),
    ],
)
def test_by_its_dates(start, end, act):
    found = decide(standing(NOW + start * DAY, NOW + end * DAY), Attempts(), NOW)
    assert found.act is act
    assert found.why
    assert not found.deploy_only


def test_says_when():
    found = decide(standing(NOW - DAY, NOW + 89 * DAY), Attempts(), NOW)
    assert found.at == NOW + 59 * DAY


@pytest.mark.parametrize(("days", "act"), [(-1, True), (1, False), (200, False)])
def test_when_the_ca_suggests_it(days, act):
    here = standing()
    found = decide(here, suggestion(NOW + days * DAY, here), NOW)
    assert found.act is act
    assert ("CA" in found.why) is (days != 200), "a moment after the end is not heeded"


def test_the_ca_may_want_it_later_than_the_dates_say():
    late = standing(NOW - 70 * DAY, NOW + 20 * DAY)
    assert decide(late, Attempts(), NOW).act
    assert not decide(late, suggestion(NOW + 5 * DAY, late), NOW).act


@pytest.mark.parametrize(("days", "act"), [(88, False), (90, True), (89.5, True), (0.5, False)])
def test_settings_override_the_dates(days, act):
    assert decide(standing(settings={**SETTINGS, "renew_before_days": days}), Attempts(), NOW).act is act


def test_settings_do_not_keep_the_ca_from_asking_for_it_early():
    chosen = standing(settings={**SETTINGS, "renew_before_days": 10})
    assert decide(chosen, suggestion(NOW - DAY, chosen), NOW).act
    assert not decide(chosen, suggestion(NOW + 85 * DAY, chosen), NOW).act
    early = standing(settings={**SETTINGS, "renew_before_days": 89.5})
    assert decide(early, suggestion(NOW + 5 * DAY, early), NOW).act


def test_what_the_ca_said_of_the_certificate_before_does_not_count():
    assert not decide(standing(), suggestion(NOW - DAY, standing()), NOW).act


@pytest.mark.parametrize("days", ["30", -1, 0, True, None, [], 10**6, float("nan")])
def test_settings_that_are_no_number(days):
    found = decide(standing(settings={**SETTINGS, "renew_before_days": days}), Attempts(), NOW)
    assert bool(found.trouble) is (days is not None)
    assert not found.act


def test_other_names_are_wanted():
    found = decide(standing(settings={**SETTINGS, "names": ["a.example", "b.example"]}), Attempts(), NOW)
    assert (found.act, found.why) == (True, "other names are wanted")
    same = decide(
        standing(names=("b.example", "a.example"), settings={"names": ["a.example", "b.example"]}), Attempts(), NOW
    )
    assert not same.act


def test_failures_are_waited_for():
    late = standing(NOW - 80 * DAY, NOW + 10 * DAY)
    known = Attempts().failed(TryLater("the CA is away"), digest(SETTINGS), NOW)
    found = decide(late, known, NOW + datetime.timedelta(seconds=59))
    assert not found.act
    assert "failed once: the CA is away" in found.why
    assert decide(late, known, NOW + datetime.timedelta(seconds=61)).act
    assert decide(late, known, NOW, force=True).act


def test_other_settings_have_not_failed():
    known = Attempts().failed(TryLater("x"), digest({**SETTINGS, "profile": "y"}), NOW)
    assert decide(standing(NOW - 80 * DAY, NOW + 10 * DAY), known, NOW).act


def test_targets_that_are_owed():
    found = decide(standing(owed={"copy x"}), Attempts(), NOW)
    assert (found.act, found.deploy_only) == (True, True)
    due = decide(standing(NOW - 80 * DAY, NOW + 10 * DAY, owed={"copy x"}), Attempts(), NOW)
    assert (due.act, due.deploy_only) == (True, False)


def test_forced():
    found = decide(standing(owed={"x"}), Attempts(), NOW, force=True)
    assert (found.act, found.deploy_only, found.why) == (True, False, "asked for")


def test_no_certificate_yet():
    nothing = Standing("a.example", settings=SETTINGS, trouble=UsageError("no certificate is live"))
    assert decide(nothing, Attempts(), NOW).act


@pytest.mark.parametrize("trouble", [FileTrouble("x"), BadDocument("x")])
def test_what_cannot_be_read_is_left_alone(trouble):
    found = decide(Standing("a.example", settings=SETTINGS, trouble=trouble), Attempts(), NOW)
    assert found.trouble is trouble
    assert not found.act


@pytest.mark.parametrize("settings", [None, {}, {"names": []}, {"names": "a.example"}, {"names": [1]}])
def test_no_settings_of_use(settings):
    found = decide(standing(settings=settings), Attempts(), NOW, force=True)
    assert found.trouble
    assert not found.act
