"""Errors as words for people and as problem documents."""

import pytest

from toolkit import errors


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "a\r\nb", "\0", "\u202eevil", "\udcff", "\x9b", "\u2028", b"\xff", None]
)
def test_text_from_outside_is_one_printable_line(text):
    assert errors.printable(text).isprintable()
    errors.printable(text).encode()


def test_text_from_outside_is_cut():
    assert len(errors.printable("x" * 10**6)) < 2100


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        ({}, "no detail given"),
        ({"detail": "no", "type": errors.ACME + "caa"}, "no (caa)"),
        ({"title": "t", "subproblems": "x"}, "t"),
        (
            {"detail": 7, "subproblems": [None, {}, {"identifier": {"value": "a\n"}, "detail": "b\x1b"}]},
            "7; ?: ?; a\\n: b\\x1b",
        ),
        ({"detail": {"a": 1}, "type": ["x"]}, "{'a': 1}"),
    ],
)
def test_problem_of_any_shape(problem, says):
    text = errors.describe(problem)
    assert says in text
    assert text.isprintable()


@pytest.mark.parametrize(
    ("problem", "later", "status"),
    [
        ({"type": errors.ACME + "rateLimited"}, None, 75),
        ({"type": errors.ACME + "caa"}, None, 1),
        ({"type": errors.ACME + "caa"}, "2030-01-01T00:00:00Z", 75),
    ],
)
def test_status_of_a_refusal(problem, later, status):
    assert errors.Refused(problem, "order", retry_after=later).status == status


def test_a_problem_does_not_decide_what_is_ours():
    found = errors.Refused({"type": "x", "retry_after": "never", "hint": "rm -rf /"}, "order")
    assert found.hint is None
