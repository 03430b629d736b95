"""Renewal information, without a CA."""

import base64
import datetime
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as some

from tests.test_pure.chains import NOW, new_key
from toolkit import ari
from toolkit.errors import ProtocolError

KEY = new_key()
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)
END = NOW + 30 * DAY
WINDOW = ari.Window(NOW + DAY, NOW + 3 * DAY)
# hypothesis wants them without a zone, which it adds.
FIRST, LAST = (datetime.datetime(year, 1, 1) for year in (1991, 2199))  # noqa: DTZ001
MOMENTS = some.datetimes(FIRST, LAST, timezones=some.just(datetime.UTC))
CHANCES = some.floats(0, 1, exclude_max=True)


def certificate(serial, *, key_identifier=None, names_issuer=True):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(serial)
        .not_valid_before(NOW)
        .not_valid_after(END)
    )
    if names_issuer:
        issuer = None if key_identifier else [x509.DirectoryName(name)]
        number = None if key_identifier else 1
        made = made.add_extension(x509.AuthorityKeyIdentifier(key_identifier, issuer, number), False)
    return made.sign(KEY, hashes.SHA256())


def window(start, end):
    return {"suggestedWindow": {"start": start, "end": end}}


def parse(value):
    return ari.Suggestion.parse(value)


def good(**more):
    return {**window("2030-06-02T00:00:00Z", "2030-06-04T00:00:00Z"), **more}


def test_identifier_of_the_rfc():
    issuer = bytes.fromhex("69885B6B87464041E1B37B847BA0AE2CDE01C8D4")
    assert ari.certificate_id(certificate(0x87654321, key_identifier=issuer)) == ("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE")


@given(some.integers(1, 2**159 - 1))
def test_serial_is_that_of_the_certificate(serial):
    made = certificate(serial, key_identifier=b"\1" * 20)
    _, _, text = ari.certificate_id(made).partition(".")
    der = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert "=" not in text
    # The certificate has it as it is, after its tag and length.
    assert bytes([2, len(der)]) + der in made.tbs_certificate_bytes[:40]


@pytest.mark.parametrize("more", [{"names_issuer": False}, {"key_identifier": None}])
def test_certificate_without_the_key_of_its_issuer_has_no_identifier(more):
    assert ari.certificate_id(certificate(7, **more)) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-06-01T00:00:00Z", NOW),
        ("2030-06-01t00:00:00z", NOW),
        ("2030-06-01T02:30:00+02:30", NOW),
        ("2030-05-31T19:00:00-05:00", NOW),
        ("2030-06-01T00:00:00-00:00", NOW),
        ("2030-06-01T00:00:00.5Z", NOW + HOUR / 7200),
        ("2030-06-01T00:00:00.000001999Z", NOW + datetime.timedelta(microseconds=1)),
        ("2030-05-31T23:59:60Z", NOW),
        ("2030-05-31T18:59:60-05:00", NOW),
        ("2028-02-29T00:00:00Z", datetime.datetime(2028, 2, 29, tzinfo=datetime.UTC)),
    ],
)
def test_moment(text, moment):
    assert ari.read_moment(text) == moment
    assert ari.read_moment(text).tzinfo is datetime.UTC


@pytest.mark.parametrize(
    "text",
    [
        None, 7, True, [], {}, "", " ", "2030", "2030-06-01", "2030-06-01T00:00:00", "2030-06-01 00:00:00Z",
        "20300601T000000Z", "2030-W22-6T00:00:00Z", "2030-06-01T00:00Z", "2030-06-01T24:00:00Z", "2030-06-31T00:00:00Z",
        "2029-02-29T00:00:00Z", "2030-06-01T00:00:60Z", "2030-06-01T00:60:00Z", "2030-06-01T00:00:61Z",
        "2030-06-01T00:00:00,5Z", "2030-06-01T00:00:00.Z", "2030-06-01T00:00:00+24:00", "2030-06-01T00:00:00+0100",
        "2030-06-01T00:00:00+01:60", "2030-06-01T00:00:00Z\n", " 2030-06-01T00:00:00Z", "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00",
        "12030-06-01T00:00:00Z", "\uff12\uff10\uff13\uff10-06-01T00:00:00Z", "9" * 99999,
        "2030-06-01T00:00:00." + "1" * 99999 + "Z",
        1906502400, "1906502400", "\x1b[31m",
    ],
)  # fmt: skip
def test_what_is_no_moment(text):
    with pytest.raises(ProtocolError) as caught:
        ari.read_moment(text)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


@given(some.text() | some.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", fullmatch=True))
def test_no_text_does_worse_than_a_protocol_error(text):
    try:
        found = ari.read_moment(text)
    except ProtocolError:
        return
    assert found.tzinfo is datetime.UTC


@pytest.mark.parametrize(
    "value",
    [
        None, [], "x", 7, {}, {"suggestedWindow": None}, {"suggestedWindow": []}, {"suggestedWindow": {}},
        {"suggestedWindow": {"start": "2030-06-02T00:00:00Z"}}, {"suggestedWindow": {"end": "2030-06-02T00:00:00Z"}},
        window("2030-06-04T00:00:00Z", "2030-06-02T00:00:00Z"),
        window("2030-06-02T00:00:00Z", "2030-06-02T00:00:00Z"),
        window("2030-06-02T01:00:00+01:00", "2030-06-02T00:00:00Z"),
        window("2030-06-02T00:00:00", "2030-06-04T00:00:00Z"),
        window("2030-06-02T00:00:00Z", None),
        window("0001-01-01T00:00:00Z", "2030-06-04T00:00:00Z"),
        window("2030-06-02T00:00:00Z", "9999-12-31T23:59:59Z"),
        window(["2030-06-02T00:00:00Z"], {"x": "2030-06-04T00:00:00Z"}),
    ],
)  # fmt: skip
def test_bad_window(value):
    with pytest.raises(ProtocolError):
        parse(value)


def test_window_and_explanation():
    found = parse(good(explanationURL="https://ca.example/why?id=1", more=[1]))
    assert found == ari.Suggestion(WINDOW, "https://ca.example/why?id=1")
    assert parse(good()).explanation is None


@pytest.mark.parametrize(
    "url",
    [
        7, None, [], "", "why", "javascript:alert(1)", "file:///etc/passwd", "ftp://ca.example/", "//ca.example/",
        "https://", "https:///x", "https://ca.example/\x1b[31m", "https://ca.example/a b", "https://ca.example/\n",
        "https://ca.example/\u202e", "https://[::1", "https://ca.example/" + "x" * 3000, "data:text/html,x",
    ],
)  # fmt: skip
def test_explanation_that_is_no_url_is_left_out(url):
    assert parse(good(explanationURL=url)) == ari.Suggestion(WINDOW)


@given(CHANCES)
def test_chosen_moment_lies_in_the_window(chance):
    assert WINDOW.start <= WINDOW.choose(lambda: chance) <= WINDOW.end


@pytest.mark.parametrize(("chance", "after"), [(0, 24), (0.25, 36), (0.5, 48)])
def test_chance_is_spread_evenly(chance, after):
    assert WINDOW.choose(lambda: chance) == NOW + after * HOUR


@pytest.mark.parametrize(
    ("pause", "wanted"),
    [(None, 6 * HOUR), (21600, 6 * HOUR), (7200, 2 * HOUR), (0, HOUR / 60), (59, HOUR / 60), (86401, DAY), (3e7, DAY)],
)
def test_when_to_ask_again(pause, wanted):
    state = ari.answered(None, ari.Suggestion(WINDOW), pause, NOW, lambda: 0)
    assert state.ask_again - NOW == wanted
    assert not ari.is_to_be_asked(state, END, NOW)
    assert not ari.is_to_be_asked(state, END, NOW + wanted - HOUR / 3600)
    assert ari.is_to_be_asked(state, END, NOW + wanted)


def test_a_state_from_the_future_does_not_keep_from_asking():
    state = ari.answered(None, ari.Suggestion(WINDOW), None, NOW, lambda: 0)
    assert ari.is_to_be_asked(state, END, NOW - HOUR)


def test_an_expired_certificate_is_asked_about_no_more():
    assert ari.is_to_be_asked(None, END, END - HOUR)
    assert not ari.is_to_be_asked(None, END, END)


def test_chosen_moment_stays_while_the_window_does():
    first = ari.answered(None, ari.Suggestion(WINDOW), None, NOW, lambda: 0.5)
    second = ari.answered(first, ari.Suggestion(WINDOW, "https://ca.example/"), None, NOW + HOUR, lambda: 0)
    assert second.chosen == first.chosen == NOW + 2 * DAY
    assert (second.asked, second.explanation) == (NOW + HOUR, "https://ca.example/")
    moved = ari.Window(WINDOW.start, WINDOW.end + HOUR)
    assert ari.answered(second, ari.Suggestion(moved), None, NOW, lambda: 0).chosen == WINDOW.start


def test_no_answer_leaves_what_was_known():
    before = ari.answered(None, ari.Suggestion(WINDOW, "https://ca.example/"), None, NOW, lambda: 0.5)
    after = ari.failed(before, NOW + 7 * HOUR)
    assert (after.window, after.chosen, after.explanation) == (before.window, before.chosen, before.explanation)
    assert after.ask_again == NOW + 13 * HOUR
    assert ari.failed(None, NOW) == ari.State(NOW, NOW + 6 * HOUR)


@pytest.mark.parametrize(
    ("later", "hours"),
    [("2030-06-01T02:00:00Z", 2), ("2031-06-01T02:00:00Z", 24), ("2029-06-01T02:00:00Z", 1 / 60), ("soon", 6)],
)
def test_an_error_that_says_when_is_heeded_within_bounds(later, hours):
    assert ari.failed(None, NOW, later).ask_again == NOW + hours * HOUR


def test_renewal_is_at_the_moment_chosen():
    state = ari.answered(None, ari.Suggestion(WINDOW), None, NOW, lambda: 0.5)
    assert ari.renew_at(state, NOW + 20 * DAY, END) == NOW + 2 * DAY
    assert ari.renew_at(state, NOW, END) == NOW + 2 * DAY


@pytest.mark.parametrize("end", [WINDOW.start - DAY, NOW + 2 * DAY])
def test_a_moment_after_the_end_of_the_certificate_is_not_heeded(end):
    state = ari.answered(None, ari.Suggestion(WINDOW), None, NOW, lambda: 0.5)
    assert ari.renew_at(state, NOW - DAY, end) == NOW - DAY


@pytest.mark.parametrize("state", [None, ari.State(NOW, NOW + HOUR)])
def test_without_a_window_our_own_moment_counts(state):
    assert ari.renew_at(state, NOW + DAY, END) == NOW + DAY


def test_a_window_in_the_past_means_now():
    past = parse(window("2030-05-01T00:00:00Z", "2030-05-02T00:00:00Z"))
    state = ari.answered(None, past, None, NOW, lambda: 0.999)
    assert ari.is_due(ari.renew_at(state, NOW + 20 * DAY, END), NOW)


def test_due_by_the_next_run_is_due_now():
    assert not ari.is_due(NOW + HOUR, NOW)
    assert not ari.is_due(NOW + HOUR, NOW, NOW + HOUR)
    assert ari.is_due(NOW + HOUR, NOW, NOW + 2 * HOUR)
    assert ari.is_due(NOW, NOW, NOW + HOUR)
    assert ari.is_due(NOW, NOW)


@given(MOMENTS, MOMENTS, MOMENTS, CHANCES, some.none() | some.floats(0, 1e9))
def test_state_survives_json(start, end, now, chance, pause):
    if start == end:
        return
    suggestion = ari.Suggestion(ari.Window(*sorted((start, end))), "http://ca.example/")
    for state in (ari.answered(None, suggestion, pause, now, lambda: chance), ari.failed(None, now)):
        assert ari.State.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_state_in_another_zone_is_kept_in_utc():
    zone = datetime.timezone(5 * HOUR)
    state = ari.failed(None, NOW.astimezone(zone))
    assert state.to_json()["asked"] == "2030-06-01T00:00:00Z"


@pytest.mark.parametrize(
    "change",
    [
        {"asked": None}, {"asked": "x"}, {"ask_again": "2040-06-01T00:00:00Z"}, {"ask_again": "2030-06-01T00:00:00Z"},
        {"chosen": None}, {"chosen": "2030-07-01T00:00:00Z"}, {"window": 7}, {"window": {"start": "x"}},
    ],
)  # fmt: skip
def test_what_is_no_state_is_none(change):
    kept = ari.answered(None, ari.Suggestion(WINDOW), None, NOW, lambda: 0.5).to_json()
    assert ari.State.from_json(kept)
    assert ari.State.from_json({**kept, **change}) is None


@pytest.mark.parametrize("value", [None, [], "x", 7, {}])
def test_what_is_no_object_is_no_state(value):
    assert ari.State.from_json(value) is None
