"""Scripts for acme-hook lint: with a fault, and the nearest one without."""

SH, PY = "#!/bin/sh\n", "#!/usr/bin/env python3\n"

# severity, line, part of the text; the script that has it; the nearest that has not
SCRIPTS = {
    "unquoted": ("warning", 2, "$CERTBOT_DOMAIN is not quoted", SH + "ls $CERTBOT_DOMAIN", SH + 'ls "$CERTBOT_DOMAIN"'),
    "unquoted in braces": ("warning", 2, "not quoted", SH + "ls ${CERTBOT_DOMAIN}.x", SH + "x=${CERTBOT_DOMAIN}.x"),
    "unquoted inside $()": (
        *("warning", 2, "not quoted"),
        SH + 'x="$(ls $CERTBOT_DOMAIN)"',
        SH + 'x="$(ls "$CERTBOT_DOMAIN")"',
    ),
    "unquoted word of case": (
        *("warning", 2, "not quoted"),
        SH + "set -- $CERTBOT_DOMAIN",
        SH + "case $CERTBOT_DOMAIN in *) ;; esac",
    ),
    "echo": ("warning", 2, "echo may take", SH + 'echo "$CERTBOT_VALIDATION"', SH + 'echo "v $CERTBOT_VALIDATION"'),
    "echo of a copy": (
        *("warning", 3, "$V for an option"),
        SH + "V=$CERTBOT_VALIDATION\necho $V",
        SH + "V=$CERTBOT_DOMAIN\necho $V",
    ),
    "echo after a pipe": (
        *("warning", 2, "echo may take"),
        SH + "true && echo $CERTBOT_TOKEN",
        SH + "true && printf %s\\\\n $CERTBOT_TOKEN",
    ),
    "grep": ("warning", 2, "grep may", SH + 'grep -q "$CERTBOT_VALIDATION" f', SH + 'grep -qe "$CERTBOT_VALIDATION" f'),
    "grep of a name": ("warning", 2, "grep may", SH + 'grep "$CERTBOT_TOKEN" f', SH + 'grep "$CERTBOT_DOMAIN" f'),
    "value or nothing": (
        *("warning", 2, "not quoted"),
        SH + "ls ${CERTBOT_DOMAIN:-x}",
        SH + "ls ${CERTBOT_DOMAIN:+x}",
    ),
    "echo of a copy of something else": (
        *("warning", 3, "for an option"),
        SH + "token=$CERTBOT_TOKEN\necho $token",
        SH + 'token=$HOME value="$3"\necho $token; echo "$value"; echo "$3"',
    ),
    "grep --": ("warning", 2, "grep may", SH + 'grep -F "$CERTBOT_TOKEN" f', SH + 'grep -F -- "$CERTBOT_TOKEN" f'),
    "printf": ("warning", 2, "printf may", SH + 'printf "$CERTBOT_TOKEN"', SH + 'printf %s "$CERTBOT_TOKEN"'),
    "expr": ("warning", 2, "expr may", SH + 'expr "$CERTBOT_TOKEN" : a', SH + 'expr "x$CERTBOT_TOKEN" : a'),
    "file in /tmp": ("warning", 2, "foresee the name /tmp/x.$$", SH + "date >/tmp/x.$$", SH + "date >/srv/tmp/x.$$"),
    "file in TMPDIR": (
        *("warning", 2, "foresee"),
        SH + 'date >"${TMPDIR:-/tmp}/x"',
        SH + 'date >"$(mktemp "${TMPDIR:-/tmp}/x.XXXXXX")"',
    ),
    "file in /tmp, in Python": ("warning", 2, "foresee", PY + 'open("/tmp/x", "w")', PY + 'mkdtemp(dir="/tmp/x")'),
    "sleep": ("note", 2, "sleeps", SH + "sleep 30", SH + "# sleep 30\necho 'sleep 30'"),
    "sleep in a loop": ("note", 2, "sleeps", SH + "until x; do sleep 1; done", SH + "until x; do sleeper 1; done"),
    "sleep in Python": ("note", 3, "sleeps", PY + "import time\ntime.sleep(9)", PY + "import time\n# time.sleep(9)"),
    "read": ("note", 2, "reads standard input", SH + "read answer", SH + "date | while read -r x; do :; done"),
    "read from a file": ("note", 2, "reads standard", SH + "read -r a", SH + "read -r a </etc/hostname"),
    "read from a pipe": ("note", 3, "reads standard", SH + "date\nread -r a", SH + "date |\nread -r a"),
    "read in Python": ("note", 2, "reads standard", PY + "x = input('y?')", PY + "x = '(y?)'"),
    "terminal": ("note", 2, "no terminal", SH + "read -r a </dev/tty", SH + "read -r a </dev/null"),
    "terminal in Python": ("note", 2, "no terminal", PY + 'open("/dev/tty")', PY + '# open("/dev/tty")'),
    "sudo": ("note", 2, "sudo cannot", SH + "sudo systemctl reload x", SH + 'echo "sudo make me"'),
    "secret of curl": (
        *("warning", 2, "secret"),
        SH + 'curl -H "Authorization: Bearer $T" https://x',
        SH + 'printf \'header = "Authorization: Bearer %s"\\n\' "$T" | curl --config - https://x',
    ),
    "secret on the next line": (
        *("warning", 2, "secret"),
        SH + 'curl https://x \\\n\t-H "X-Auth-Key: $K"',
        SH + 'curl https://x \\\n\t-H "X-Request-Id: $K"',
    ),
    "password of curl": ("warning", 2, "secret", SH + 'curl -u "me:$PASSWORD" u', SH + "curl -u me u"),
    "secret in a URL": ("warning", 2, "secret", SH + 'curl "https://x/?token=$T"', SH + 'curl "https://x/?page=$T"'),
    "password of wget": ("warning", 2, "secret", SH + "wget --password=$P u", SH + "wget --user=me u"),
    "password of mysql": ("warning", 2, "secret", SH + 'mysql -p"$P"', SH + 'mysql -P "$PORT"'),
    "key of nsupdate": ("warning", 2, "secret", SH + 'nsupdate -y "hmac:k:$KEY"', SH + 'nsupdate -k "$KEY"'),
    "variable that is missing": (
        *("warning", 2, "asks for API_KEY"),
        SH + 'x "$API_KEY"',
        SH + 'API_KEY=$(cat k); x "$API_KEY"',
    ),
    "variable it can do without": ("note", 2, "may ask for API_KEY", SH + 'x "${API_KEY:-}"', SH + 'x "${HOME:-}"'),
    "variable it says is missing": ("note", 2, "may ask for API_KEY", SH + ': "${API_KEY:?}"', SH + ": '${API_KEY:?}'"),
    "variable set from itself": ("note", 2, "may ask for K", SH + "KEY=${KEY:-1} x", SH + "KEY=1 x; y $KEY"),
    "variable in a document": ("warning", 3, "asks for KEY", SH + "cat <<E\n$KEY\nE", SH + "cat <<'E'\n$KEY\nE"),
    "variable after a document": (
        *("warning", 5, "asks for KEY"),
        SH + 'cat <<E\n\'\nE\nx "$KEY"',
        SH + 'cat <<E\n\'\nE\nfor KEY in a; do x "$KEY"; done',
    ),
    "variable of the shell": ("warning", 2, "asks for", SH + 'x "$PWDS"', SH + 'x "$PWD" "$OPTARG" "$PPID"'),
    "variable of nobody": ("warning", 2, "asks for", SH + 'x "$ZONE"', SH + 'x "$zone" "$1" "$#"'),
    "variable of Python": (
        *("warning", 3, "asks for KEY"),
        PY + 'import os\nprint(os.environ["KEY"])',
        PY + 'import os\nos.environ["KEY"] = "1"',
    ),
    "variable Python can do without": ("note", 2, "may ask for KEY", PY + 'os.environ.get("KEY")', PY + 'x.get("KEY")'),
    "variable of Perl": ("warning", 2, "asks for KEY", "#!/usr/bin/perl\n$ENV{KEY};", "#!/usr/bin/perl\n$ENV{HOME};"),
    "variable of JavaScript": (
        *("warning", 2, "asks for KEY"),
        "#!/usr/bin/env node\nprocess.env.KEY",
        "#!/usr/bin/env node\nprocess.environment.KEY",
    ),
    "variable of another client": (
        *("warning", 2, "UACME_TYPE is for hooks of uacme"),
        SH + 'x "$UACME_TYPE" "$CERTBOT_DOMAIN"',
        SH + 'x "$ACME_CHALLENGE_TYPE" "$CERTBOT_DOMAIN"',
    ),
    "bash in sh": ("warning", 2, "[[ is bash", SH + "[[ -n x ]] && y", "#!/bin/bash\n[[ -n x ]] && y"),
    "substitution of bash": ("warning", 2, "${X/...} is bash", SH + "X=1; y ${X/1/2}", SH + "X=1; y ${X#1}"),
    "array of bash": ("error", 2, "does not understand", SH + "a=(1 2)", "#!/usr/bin/env bash\na=(1 2)"),
    "syntax": ("error", 3, "does not understand", SH + "if true\nfi", SH + "if true; then :\nfi"),
    "syntax of bash": ("error", 3, "bash does not", "#!/bin/bash\nif x\nfi", "#!/bin/bash\nif x; then\n:; fi"),
    "syntax of Python": ("error", 2, "Python does not", PY + "def f(:", PY + "def f(): ..."),
    "no first line": ("note", 1, "no interpreter; /bin/sh runs it", "CERTBOT_DOMAIN=\n", SH + "CERTBOT_DOMAIN=\n"),
    "no such interpreter": ("error", 1, "there is no interpreter", "#!/no/such\n", "#!/bin/sh\n"),
    "no such program on PATH": (
        *("error", 1, "there is no nosuch on PATH"),
        "#!/usr/bin/env nosuch\n",
        "#!/usr/bin/env sh\n",
    ),
    "two words for env": ("error", 1, "one program called", "#!/usr/bin/env sh -u\n", "#!/usr/bin/env -S sh -u\n"),
    "nothing for env": ("error", 1, "env is not told", "#!/usr/bin/env\n", "#!/usr/bin/env sh\n"),
    "interpreter that is no program": ("error", 1, "no interpreter /etc/passwd", "#!/etc/passwd\n", "#!/bin/sh\n"),
    "interpreter that is a directory": ("error", 1, "no interpreter /usr/bin", "#!/usr/bin\n", "#!/usr/bin/env sh\n"),
    "relative interpreter": ("warning", 1, "looked for where", "#!sh\n", "#! /bin/sh\n"),
    "carriage return in #!": ("error", 1, "the #! line ends", "#!/bin/sh\r\n", "#!/bin/sh\n"),
    "carriage return in Python": ("error", 2, "carriage", "#!/bin/sh\nls\r\n", PY + "x = 1\r\n"),
    "carriage return": ("error", 2, "carriage return", "#!/bin/sh\nls\r\n", "#!/bin/sh\nls 'a\rb'\n"),
    "byte order mark": ("error", 1, "byte order mark", "\ufeff#!/bin/sh\n", "#!/bin/sh\n# \ufeff\n"),
    "NUL": ("error", 2, "NUL", "#!/bin/sh\n\0", "#!/bin/sh\n\\0"),
}

D, U, L = "dehydrated", "uacme", "lego"

DIALECTS = {
    "dehydrated: what it does not know fails": (
        *(D, "hook.sh", "warning", 2, "does not know may fail"),
        SH + "case $1 in deploy_challenge) ;; *) exit 1 ;; esac",
        SH + "case $1 in deploy_challenge) ;; *) exit 0 ;; esac",
    ),
    "dehydrated: runs any operation": (
        *(D, "hook.sh", "warning", 2, "runs whatever"),
        SH + '"$@"',
        SH + 'case $1 in deploy_challenge) "$@" ;; esac',
    ),
    "dehydrated: runs any operation, guarded": (
        *(D, "hook.sh", "warning", 3, "runs whatever"),
        SH + 'HANDLER=$1; shift\n"$HANDLER" "$@"',
        SH + 'case $1 in deploy_challenge)\n"$@" ;; esac',
    ),
    "dehydrated: runs what it names": (
        *(D, "hook.sh", "warning", 2, "runs whatever"),
        SH + '"$@"',
        SH + 'if [ "$1" = deploy_challenge ]; then deploy "$@"; fi',
    ),
    "dehydrated: bash runs it": (D, "hook.sh", "note", 1, "bash runs it", "echo $1", "#!/bin/bash\necho $1"),
    "dehydrated: no arguments": (
        *(D, "hook.sh", "warning", 1, "looks at none"),
        SH + "env",
        SH + 'case "$1" in deploy_challenge) ;; esac',
    ),
    "dehydrated: value": (
        *(D, "hook.sh", "warning", 3, "for an option"),
        SH + 'token="$3"\necho "$token"; x "$1"',
        SH + 'keyfile="$3"\necho "$keyfile"; x "$1"',
    ),
    "dehydrated: variable of certbot": (
        *(D, "hook.sh", "warning", 2, "CERTBOT_DOMAIN is for hooks of certbot"),
        SH + 'x "$1" "$CERTBOT_DOMAIN"',
        SH + 'x "$1" "$WELLKNOWN"',
    ),
    "lego: no first line": (L, "p.sh", "error", 1, "names no interpreter", 'x "$1"', SH + 'x "$1"'),
    "lego: no arguments": (L, "p.sh", "warning", 1, "looks at none", SH + "x", SH + 'x "$@"'),
    "lego: value": (L, "p.sh", "warning", 2, "grep may take $4", SH + 'grep "$4" $1', SH + 'grep -e "$4" $1'),
    "uacme: value": (U, "u.sh", "warning", 2, "echo may", SH + 'echo "$5" dns-01 $1', SH + 'echo "$2" dns-01 $1'),
    "uacme: takes all": (
        *(U, "u.sh", "warning", 1, "every type"),
        SH + 'x "$1"',
        SH + 'case $2 in dns-01) ;; *) exit 1 ;; esac; x "$1"',
    ),
    "uacme: variables will do": (U, "u.sh", "warning", 1, "looks at none", SH + "x dns-01", SH + "$UACME_TYPE dns-01"),
    "acme.sh: no function": (
        *("acmesh", "dns_x.sh", "error", 1, "no function dns_x_rm"),
        "dns_x_add() {\n:\n}\n",
        "dns_x_add() {\n:\n}\ndns_x_rm() {\n:\n}\n",
    ),
    "acme.sh: deploy": ("acmesh", "y.sh", "error", 1, "no function y_deploy", "y() {\n:\n}", "y_deploy() {\n:\n}"),
    "acme.sh: exit": (
        *("acmesh", "y.sh", "warning", 2, "exit ends acme.sh"),
        "y_deploy() {\nexit 1\n}",
        "y_deploy() {\nexit=1; return $exit # exit\n}",
    ),
    "acme.sh: bash": (
        *("acmesh", "y.sh", "warning", 2, "[[ is bash"),
        "y_deploy() {\n[[ 1 ]]\n}",
        "y_deploy() {\n[ 1 ]\n}",
    ),
    "acme.sh: sh reads it": (
        *("acmesh", "y.sh", "error", 2, "does not understand"),
        "#!/bin/bash\ny_deploy() { a=(1); }",
        "#!/bin/bash\ny_deploy() { a=1; }",
    ),
    "acme.sh: settings": (
        *("acmesh", "y.sh", "note", 2, "may ask for Y_KEY"),
        "y_deploy() {\n_getdeployconf Y_KEY\n}",
        "y_deploy() {\n_savedeployconf Y_KEY x\n}",
    ),
}

OF_BASH = (
    *("cat <<<x", "cat <(date)", "ls &>/dev/null", "function f {", "declare x=1", "typeset x", "source ./x"),
    *("[ $# == 1 ]", "x=$'a'", "read -p ? x", "read -ra x", "x=1; y ${x:0:1}", "x=1; y ${x^^}", "x=1; y ${x,}"),
    *("x=1; y ${x@Q}", "y ${x[0]}", "x+=(1)"),
)

PROBES = {
    ("dehydrated", 'case "$1" in deploy_challenge) touch /nowhere/x ;; esac'): ("note", "as it should be"),
    ("dehydrated", 'x() { exit 3; }; [ "$1" = deploy_challenge ] || x'): ("error", "exited with 3"),
    ("dehydrated", 'y() { ls -d /; }; [ "$1" = deploy_challenge ] || y'): ("error", "said '/'"),
    ("uacme", '[ "$2" = dns-01 ]; exit $?'): ("note", "as it should be"),
    ("uacme", ": dns-01; exit 0"): ("error", "run with begin bogus-01"),
    ("uacme", "echo dns-01; exit 1"): ("note", "as it should be"),
    ("lego", 'x "$1"'): ("note", "not run"),
}

GIVEN = {
    "certbot": "CERTBOT_TOKEN CERTBOT_AUTH_OUTPUT RENEWED_LINEAGE FAILED_DOMAINS ACME_RECORD_NAME"
    " ACME_HOOK_STATE ACME_HOOK_RUN ACME_PYTHON HOME",
    "dehydrated": "WELLKNOWN CONFIG CHALLENGETYPE KEY_ALGO COMMAND",
    "lego": "EXEC_PATH LEGO_CERT_PATH LEGO_HOOK_CERT_DOMAINS",
    "uacme": "UACME_METHOD UACME_AUTH",
}

# A variable by which each client is known
OTHERS = {
    "certbot": "FAILED_DOMAINS",
    "dehydrated": "WELLKNOWN",
    "lego": "LEGO_CERT_PATH",
    "uacme": "UACME_AUTH",
    "acmesh": "Le_Domain",
    "acmetool": "ACME_STATE_DIR",
}
