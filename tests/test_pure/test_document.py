"""The order document: untrusted input on its way in, nothing lost on its way out."""

import json

import pytest

from toolkit import document
from toolkit.errors import BadDocument, HookFailed, Refused, Unreachable

GOOD = {
    "schema": "acme-order/1",
    "server": "https://ca.example/directory",
    "account": "https://ca.example/account/1",
    "cert_name": "a.example",
    "names": ["a.example", "*.a.example"],
    "order": {"status": "pending", "url": "https://ca.example/order/1", "x-unknown": [1, 2]},
    "authorizations": [
        {"identifier": {"type": "dns", "value": "a.example"}, "status": "pending", "challenges": [{"type": "dns-01"}]}
    ],
    "presented": [{"solver": "webroot"}],
    "deployed": [],
    "x-mine": {"deep": [None, True, 1.5, "ü"]},
}


def line(**changes):
    return json.dumps({**GOOD, **changes})


def test_good_document_survives_whole():
    assert document.parse(line()) == GOOD
    assert json.loads(document.dump(document.parse(line()))) == GOOD


def test_dump_is_one_line():
    text = document.dump({**GOOD, "x": "a\nb\u2028c"})
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert document.parse(text)["x"] == "a\nb\u2028c"


def test_bytes_with_a_byte_order_mark():
    assert document.parse(b"\xef\xbb\xbf" + line().encode()) == GOOD


def test_every_truncation_is_refused():
    whole = line().encode()
    for length in range(len(whole)):
        with pytest.raises(BadDocument):
            document.parse(whole[:length])


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "null", "1", '"a"', "[]", "[{}]", "{}", "{]", "garbage", "<html>", line() + line(), line() + "x",
        '{"schema":"acme-order/1","schema":"acme-order/1","names":["a.example"]}',
        '{"schema":"acme-order/1","names":["a.example"],"x":{"a":1,"a":2}}',
        '{"schema":"acme-order/1","names":["a.example"],"x":NaN}',
        '{"schema":"acme-order/1","names":["a.example"],"x":-Infinity}',
        '{"schema":"acme-order/1","names":["a.example"],"x":' + "[" * 100000 + "]" * 100000 + "}",
        '{"schema":"acme-order/1","names":["a.example"],"x":' + "9" * 5000 + "}",
        b"\xff\xfe{\0}\0", b"\0", b'{"schema":"\xff"}',
    ],
)  # fmt: skip
def test_garbage(text):
    with pytest.raises(BadDocument) as caught:
        document.parse(text)
    assert caught.value.message.isprintable()
    assert caught.value.status == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "acme-order/2"}, {"schema": None}, {"schema": 1}, {"schema": ["acme-order/1"]},
        {"names": None}, {"names": []}, {"names": "a.example"}, {"names": [1]}, {"names": ["A.example"]},
        {"names": ["a.example", "a.example"]}, {"names": ["a.example."]}, {"names": ["$(id)"]}, {"names": ["a\0"]},
        {"cert_name": 1}, {"cert_name": "../x"}, {"cert_name": "a/b"}, {"cert_name": ".x"},
        {"server": 1}, {"account": []}, {"csr": {}}, {"profile": 1}, {"key": "x"}, {"order": []}, {"order": "x"},
        {"certificate": "x"}, {"error": "x"}, {"authorizations": {}}, {"authorizations": ["x"]},
        {"authorizations": [{}]}, {"authorizations": [{"identifier": {"value": 1}, "challenges": []}]},
        {"authorizations": [{"identifier": {"value": "a"}, "challenges": {}}]},
        {"authorizations": [{"identifier": {"value": "a"}, "challenges": ["x"]}]},
        {"presented": {}}, {"presented": ["x"]}, {"deployed": [1]}, {"lineage": []},
    ],
    ids=str,
)  # fmt: skip
def test_wrong_shape(changes):
    with pytest.raises(BadDocument):
        document.parse(line(**changes))


def test_too_long():
    with pytest.raises(BadDocument, match="longer"):
        document.parse(line(x="x" * document.LONGEST))


def test_lineage_name_is_made_up_when_missing():
    text = json.dumps({"schema": "acme-order/1", "names": ["*.a.example"]})
    assert document.parse(text)["cert_name"] == "a.example"


def test_lone_surrogate_can_be_written_again():
    found = document.parse(line(x="a").replace('"a"}', '"\\ud800"}'))
    text = document.dump(found)
    assert document.parse(text.encode("utf-8", "strict"))["x"] == "\ud800"


@pytest.mark.parametrize("failed", document.STAGES)
@pytest.mark.parametrize("stage", document.STAGES)
def test_a_stage_takes_off_its_own_error_and_later_ones_and_passes_by_earlier_ones(failed, stage):
    doc = {**GOOD}
    document.fail(doc, failed, HookFailed("no", "hint"))
    works = document.STAGES.index(failed) >= document.STAGES.index(stage)
    assert document.enter(doc, stage) is works
    assert ("error" in doc) is not works


def test_an_error_of_an_unknown_stage_does_not_crash():
    doc = {**GOOD, "error": {"stage": "x-future"}}
    document.enter(doc, "order")


def test_no_error_and_an_empty_error_mean_work():
    assert document.enter({**GOOD}, "finalize")
    assert document.enter({**GOOD, "error": {}}, "finalize")


def test_error_is_a_problem_document_with_its_stage():
    doc = {**GOOD}
    document.fail(doc, "answer", Unreachable("down", "wait", retry_after="2030-01-01T00:00:00Z"))
    assert doc["error"] == {
        "type": "urn:acme-toolkit:error:unreachable",
        "detail": "down",
        "hint": "wait",
        "retry_after": "2030-01-01T00:00:00Z",
        "stage": "answer",
    }
    assert document.failed_stage(doc) == "answer"
    assert {key: doc[key] for key in GOOD} == GOOD


def test_the_problem_of_the_ca_is_kept_whole():
    doc = {**GOOD}
    problem = {"type": "urn:ietf:params:acme:error:caa", "detail": "no", "status": 403, "subproblems": [], "x": 1}
    document.fail(doc, "order", Refused(problem, "new order"))
    assert problem.items() <= doc["error"].items()
    assert doc["error"]["stage"] == "order"


def test_title_is_safe_on_a_terminal():
    assert document.title({"cert_name": "a\x1b[31m\n"}).isprintable()
