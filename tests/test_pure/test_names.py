"""Text from outside becomes a name, or is refused."""

import pytest

from toolkit import names
from toolkit.errors import BadName

LONG = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])  # 253 characters


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.Com", "example.com"),
        ("example.com.", "example.com"),
        ("*.Example.com.", "*.example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え。example", "xn--r8jz45g.example"),
        ("a-b.c--d.example", "a-b.c--d.example"),
        ("1.example", "1.example"),
        ("localhost", "localhost"),
        (LONG, LONG),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
    ],
)
def test_name_as_an_order_carries_it(text, name):
    assert names.identifier(text) == name
    assert names.identifier(name) == name


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", "a..b", ".a.example", "a.example..", " ", "a b.example", " a.example", "a.example\n",
        "a.example\0", "\0", "a\0b.example", "$(id).example", "`id`.example", "a;b.example", "a|b", "a'b.example",
        'a"b.example', "a/b.example", "../etc", "a\\b", "a%b.example", "a_b.example", "-rf", "-a.example",
        "a-.example", "*", "*.", "**.example", "a.*.example", "*.*.example", "*a.example", "a*.example",
        "*.192.0.2.7", "a" * 64 + ".example", LONG + "d", "a.example:80", "https://a.example", "a@b.example",
        "192.0.2.256", "192.0.2", "1.2.3.4.5", "192.0.2.0/24", "fe80::1%eth0", "[::1]", "1",
        "xn--a.example", "xn--\u00e4.example", "\U0001f4a9.example", "a\u202eb.example", "\udcff.example",
        "\u200d.example",
    ],
)  # fmt: skip
def test_refused_name(text):
    with pytest.raises(BadName) as caught:
        names.identifier(text)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 700
    assert caught.value.status == 2


def test_wildcard_of_the_longest_name_is_too_long():
    with pytest.raises(BadName):
        names.identifier("*." + LONG)


def test_each_name_once_and_in_order():
    found = names.identifiers(["b.example", "A.example", "B.example.", "*.a.example", "a.EXAMPLE"])
    assert found == ["b.example", "a.example", "*.a.example"]


def test_two_spellings_of_an_international_name_are_one():
    assert names.identifiers(["bücher.example", "xn--bcher-kva.example"]) == ["xn--bcher-kva.example"]


def test_no_names_is_an_error():
    with pytest.raises(BadName, match="no names"):
        names.identifiers([])


@pytest.mark.parametrize("text", ["example.com", "web", "a_b", "A.b-c", "2001:db8::1", "x" * 240, "con", "a@b", "_x"])
def test_lineage_name(text):
    assert names.lineage(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "../a",
        "a/b",
        "/a",
        ".hidden",
        "-x",
        "a..b",
        "a\0",
        "a\n",
        "a b",
        "*.a",
        "x" * 241,
        "ü",
        "$(id)",
        "~",
    ],
)
def test_refused_lineage_name(text):
    with pytest.raises(BadName):
        names.lineage(text)


@pytest.mark.parametrize(
    ("wanted", "lineage"), [(["*.a.example", "b"], "a.example"), (["2001:db8::1"], "2001:db8::1"), (["b", "a"], "b")]
)
def test_default_lineage_is_the_first_name(wanted, lineage):
    assert names.default_lineage(wanted) == lineage


def test_address_that_begins_with_a_colon_names_no_lineage():
    with pytest.raises(BadName):
        names.lineage("::1")  # begins with a colon; --cert-name helps


@pytest.mark.parametrize(
    ("name", "kind"), [("a.example", "dns"), ("*.a.example", "dns"), ("::1", "ip"), ("192.0.2.1", "ip")]
)
def test_identifier_object(name, kind):
    assert names.acme_identifier(name) == {"type": kind, "value": name}
