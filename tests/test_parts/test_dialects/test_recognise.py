"""Scripts as people write them, and of which client they are taken to be."""

import pytest

from tests.bench import tools
from toolkit.dialects.recognise import recognise

SAMPLES = {
    "certbot": [
        '#!/bin/sh\ncurl -d "$CERTBOT_VALIDATION" https://dns.test/$CERTBOT_DOMAIN\n',
        "import os\nname = os.environ['CERTBOT_IDENTIFIER']\n",
        '#!/bin/sh\n[ -n "$CERTBOT_AUTH_OUTPUT" ] && rm "$CERTBOT_AUTH_OUTPUT"\n',
        '#!/bin/sh\nfor domain in $RENEWED_DOMAINS; do cat "$RENEWED_LINEAGE/privkey.pem"; done\n',
        "# deploy_challenge is what dehydrated calls it\necho $CERTBOT_DOMAIN\n",
    ],
    "dehydrated": [
        "#!/usr/bin/env bash\ndeploy_challenge() {\n  local DOMAIN=$1\n}\nHANDLER=$1; shift\n",
        '#!/bin/sh\ncase $1 in\n  deploy_cert) systemctl reload nginx ;;\nesac\n',
        "if sys.argv[1] == 'clean_challenge':\n    remove()\n",
        "ops = {'deploy_challenge': create, 'clean_challenge': delete}\n",
    ],
    "lego": [
        '#!/bin/sh\ncase "$1" in\n  present) add "$2" "$3" ;;\n  cleanup) del "$2" ;;\nesac\n',
        'case "$1" in\n"present")\n;;\n"cleanup")\n;;\nesac\n',
        '#!/bin/bash\nif [ "$1" = present ]; then x; elif [ "$1" = cleanup ]; then y; fi\n',
        "match sys.argv[1]:\n    case 'present': ...\n    case 'cleanup': ...\n",
        '#!/bin/sh\ncp "$LEGO_CERT_PATH" "$LEGO_CERT_KEY_PATH" /etc/haproxy/\n',
        '#!/bin/sh\ncat "$LEGO_HOOK_CERT_KEY_PATH"\n',
    ],
    "lego-raw": [
        '#!/bin/sh\naction=$1; domain=$3; keyauth=$5\ncase $action in\npresent) x ;;\ncleanup) y ;;\nesac\n',
        'if (argv[2] === "present") { put(argv[4], keyAuth) } else if (argv[2] === "cleanup") { drop() }\n',
    ],
    "uacme": [
        '#!/bin/sh\ncase "$1" in\nbegin) case $2 in dns-01) ;; *) exit 1 ;; esac ;;\ndone|failed) rm x ;;\nesac\n',
        "if method == 'begin':\n    pass\nelif method in ('done', 'failed'):\n    pass\n",
        '#!/bin/sh\n[ "$UACME_METHOD" = begin ] && exit 1\n',
    ],
    "acmesh": [
        "#!/usr/bin/env sh\ndns_foo_add() {\n  fulldomain=$1\n}\ndns_foo_rm() {\n  :\n}\n",
        "function dns_foo_rm () {\n",
        "dns_mine_add() {\n  _post \"CERTBOT_DOMAIN=$d&CERTBOT_VALIDATION=$v\" present\n}\n",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("dialect", "text"), [(d, text) for d, texts in SAMPLES.items() for text in texts])
def test_samples(dialect, text):
    found, why = recognise("dns_mine.sh", text.encode())
    assert (found, why[:5]) == (dialect, "line "), why


@pytest.mark.parametrize("text", ["haproxy_deploy() {\n", "function haproxy_deploy() {\n", "dns_x_add() {\n"])
def test_deploy_scripts_of_acme_sh_have_a_function_called_like_the_file(text):
    assert recognise("haproxy.sh", text.encode())[0] == "acmesh"
    assert recognise("other.sh", b"haproxy_deploy() {\n")[0] == "certbot"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#!/bin/sh\nexit 0\n",
        "# present, cleanup, begin, failed, deploy_challenge, CERTBOT_DOMAIN\n",
        '#!/bin/sh\ncleanup() { rm -f "$t"; }\ntrap cleanup EXIT\nfor i in 1 2; do :; done\n',
        '#!/bin/sh\necho "the record is not present; it failed to begin"\n',
        "\udcff\n",
    ],
)
def test_nothing_tells(text):
    found, why = recognise("hook", text.encode("utf-8", "surrogateescape"))
    assert found == "certbot"
    assert "nothing in it tells" in why


def test_both_tell():
    found, why = recognise("hook", b'#!/bin/sh\nhook.py deploy_challenge "$CERTBOT_DOMAIN" x "$CERTBOT_VALIDATION"\n')
    assert found == "certbot"
    assert "certbot (line 2: " in why
    assert "dehydrated (line 2: " in why
    assert "DIALECT:PATH" in why


def test_no_script():
    assert "no script" in recognise("hook", b"\x7fELF\0\0present\0cleanup")[1]


@pytest.mark.parametrize(
    ("text", "client"),
    [("case $1 in\nchallenge-dns-start) x ;;\n", "acmetool"), ("post-perform) ;;\n", "letsencrypt-external")],
)
def test_clients_that_are_not_known(text, client):
    found, why = recognise("hook", text.encode())
    assert found == "certbot"
    assert client in why


def test_evidence_is_one_short_line_that_has_the_word_and_no_escape():
    found, why = recognise("hook", b"x" * 500 + b" $CERTBOT_DOMAIN \x1b[2J" + b"y" * 500)
    assert found == "certbot"
    assert "CERTBOT_DOMAIN" in why
    assert len(why) < 100
    assert why.isprintable()


@pytest.mark.parametrize(
    ("package", "program", "example", "dialect"),
    [
        ("dehydrated", "usr/bin/dehydrated", "usr/share/doc/dehydrated/examples/hook.sh", "dehydrated"),
        ("uacme", "usr/bin/uacme", "usr/share/uacme/uacme.sh", "uacme"),
        ("uacme", "usr/bin/uacme", "usr/share/uacme/nsupdate.sh", "uacme"),
        ("uacme", "usr/bin/uacme", "usr/share/uacme/ualpn.sh", "uacme"),
    ],
)
def test_examples_that_the_clients_bring(package, program, example, dialect):
    try:
        root = tools.debian(package, program).parents[len(program.split("/")) - 1]
    except tools.Missing as missing:
        pytest.skip(str(missing))
    path = root / example
    assert recognise(path.name, path.read_bytes())[0] == dialect
