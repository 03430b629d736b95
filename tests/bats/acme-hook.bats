# shellcheck disable=SC2016  # what scripts expand themselves
# shellcheck disable=SC2030,SC2031  # each test has variables of its own
load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

# make_hook DIRECTORY: its auth and cleanup write into ./log
make_hook() {
    mkdir -p "$1"
    script "$1/auth" '#!/bin/sh' "echo \"auth \$CERTBOT_DOMAIN\" >>$PWD/log"
    script "$1/cleanup" '#!/bin/sh' "echo \"cleanup \$CERTBOT_DOMAIN\" >>$PWD/log"
}

# script FILE LINE...: an executable of these lines
script() {
    printf '%s\n' "${@:2}" >"$1"
    chmod 755 "$1"
}

@test "list: names and where from, as lines and as JSON" {
    make_hook "$ACME_CONFIG_DIR/hooks/mine"
    run_split acme-hook list
    assert_status 0
    assert_contains "$output" "mine"
    assert_contains "$output" "CONFIG/hooks"
    assert_contains "$output" "examples/http"
    run_split acme-hook list --format json
    assert_status 0
    assert_equal "$(jq -r 'select(.name == "mine") | [.dialect, .events[], .origin] | join(" ")' <<<"$output")" \
        "certbot auth cleanup CONFIG/hooks"
    mkdir -p elsewhere
    make_hook elsewhere/mine
    run_split acme-hook list --format json --hooks-dir elsewhere
    assert_equal "$(jq -r 'select(.name == "mine").origin' <<<"$output")" --hooks-dir
}

@test "show: the dialect of a script, and what in it tells" {
    script lego.sh '#!/bin/sh' '# a script' 'case "$1" in' '"present") ;;' '"cleanup") ;;' 'esac'
    run_split acme-hook show ./lego.sh
    assert_status 0
    assert_contains "$output" "dialect: lego"
    assert_contains "$output" "why: line 4"
    run_split acme-hook show uacme:./lego.sh --format json
    assert_equal "$(jq -r '[.dialect, .why, (.alone | tostring)] | join(", ")' <<<"$output")" "uacme, called uacme, true"
    run_split acme-hook show "$ROOT/hooks/examples/http"
    assert_contains "$output" "types: http-01"
    assert_contains "$output" "a directory with auth, cleanup"
}

@test "run: the example writes the proof, and takes it away" {
    mkdir root
    export WEBROOT=$PWD/root
    hook=$ROOT/hooks/examples/http
    run_split acme-hook run auth "$hook" -d example.com --hook-env WEBROOT
    assert_status 0
    assert_empty "$output$stderr"
    proof=$(echo root/.well-known/acme-challenge/*)
    assert_contains "$(cat "$proof")" "${proof##*/}."
    run_split acme-hook run cleanup "$hook" -d example.com --hook-env WEBROOT
    assert_status 0
    [[ ! -e $proof ]]
    # without its variable it fails, and says which
    run_split acme-hook run auth "$hook" -d example.com
    assert_status 1
    assert_contains "$stderr" "--hook-env WEBROOT"
}

@test "run --dry-run: prints a call that a shell can run, and no secret" {
    mkdir r
    hook=$ROOT/hooks/examples/http
    # what is shorter than a secret is shown
    export WEBROOT=r API_TOKEN="it's 1 \$ecret"
    run_split acme-hook run --dry-run auth "$hook" -d example.com --hook-env WEBROOT --hook-env API_TOKEN
    assert_status 0
    assert_lacks "$output" 'ecret"'
    assert_lacks "$output" "1 \$ecret"
    assert_contains "$output" "API_TOKEN='[secret]'"
    [[ ! -e r/.well-known ]]
    [[ ! -e $ACME_WORK_DIR/hooks ]]
    printf '%s\n' "$output" >call
    env -u WEBROOT sh call
    token=$(ls r/.well-known/acme-challenge)
    cp "r/.well-known/acme-challenge/$token" by-shell
    rm -r r/.well-known
    acme-hook run auth "$hook" -d example.com --hook-env WEBROOT
    cmp by-shell "r/.well-known/acme-challenge/$token"
    run_split acme-hook run --dry-run auth "$hook" -d example.com --hook-env WEBROOT --format json
    assert_equal "$(jq -r '.environment.CERTBOT_TOKEN, .argv[0]' <<<"$output")" "$token"$'\n'"$hook/auth"
    run_split acme-hook run --dry-run cleanup "$hook" -d example.com --auth-output 'two  words' --hook-env WEBROOT
    assert_contains "$output" "CERTBOT_AUTH_OUTPUT='two  words'"
}

@test "run: dialects get what their clients would give" {
    script uacme.sh '#!/bin/sh' 'printf "%s\n" "$UACME_METHOD $*" >>log' '[ "$2" = dns-01 ]'
    acme-hook run auth uacme:./uacme.sh -d '*.example.com' --type dns-01
    acme-hook run cleanup uacme:./uacme.sh -d '*.example.com' --type dns-01
    assert_contains "$(sed -n 1p log)" "begin begin dns-01 example.com "
    assert_contains "$(sed -n 2p log)" "done done dns-01 example.com "
    run_split acme-hook run auth uacme:./uacme.sh -d example.com --type http-01
    assert_status 1
    assert_contains "$stderr" "declines"
}

@test "lint: what its exit statuses say" {
    script good '#!/bin/sh' 'ls -- "$CERTBOT_DOMAIN"'
    script worse '#!/bin/sh' 'ls $CERTBOT_DOMAIN'
    script bad '#!/no/such/interpreter' ': "$CERTBOT_DOMAIN"'
    run_split acme-hook lint ./good
    assert_status 0
    assert_contains "$output" "good: note: taken for a hook of certbot: line 2"
    assert_contains "$stderr" "1 hook: 0 errors, 0 warnings, 1 note"
    run_split acme-hook lint certbot:./good
    assert_status 0
    assert_empty "$output"
    assert_contains "$stderr" "1 hook: 0 errors, 0 warnings, 0 notes"
    run_split acme-hook lint -q certbot:./worse
    assert_status 0
    assert_equal "$output" "$PWD/worse:2: warning: \$CERTBOT_DOMAIN is not quoted (\"\$CERTBOT_DOMAIN\")"
    assert_empty "$stderr"
    run_split acme-hook lint certbot:./good certbot:./worse certbot:./bad ./nosuch --format json
    assert_status 1
    assert_contains "$stderr" "4 hooks: 2 errors, 1 warning, 0 notes"
    assert_equal "$(jq -r '[.severity, .line] | join(" ")' <<<"$output")" $'warning 2\nerror 1\nerror '
    make_hook "$ACME_CONFIG_DIR/hooks/mine"
    chmod -x "$ACME_CONFIG_DIR/hooks/mine/cleanup"
    run_split acme-hook lint
    assert_status 1
    assert_contains "$output" "mine/cleanup: error: it is not executable (chmod +x "
    run_split acme-hook lint mine
    assert_contains "$output" "mine/cleanup: error: it is not executable"
}

@test "lint --probe: only then is a script run" {
    script hook.sh '#!/bin/sh' 'echo "$1" >>log' 'case "$1" in deploy_challenge) ;; esac'
    run_split acme-hook lint ./hook.sh
    assert_status 0
    assert_contains "$output" "not run; --probe does"
    [[ ! -e log ]]
    run_split acme-hook lint --probe ./hook.sh
    assert_status 0
    assert_contains "$output" "as it should be"
    assert_contains "$(cat log)" "please_ignore_unknown_hooks"
    script hook.sh '#!/bin/sh' 'case "$1" in deploy_challenge) ;; esac' 'false'
    run_split acme-hook lint --probe ./hook.sh
    assert_status 1
    assert_contains "$output" "exited with 1"
}

@test "what cannot be: no such hook, no such event, nothing to read, no name" {
    run_split acme-hook show nosuch
    assert_status 2
    assert_contains "$stderr" "no hook nosuch in "
    assert_contains "$stderr" "hint: acme-hook list"
    make_hook hook
    run_split acme-hook run dance ./hook -d example.com
    assert_status 2
    assert_contains "$stderr" "run which event of auth, cleanup, deploy?"
    run_split acme-hook run deploy ./hook
    assert_status 2
    assert_contains "$stderr" "the hook hook has no deploy"
    assert_contains "$stderr" "hint: it has auth, cleanup"
    run_split acme-hook run auth ./hook
    assert_status 2
    assert_contains "$stderr" "hint: name one with -d"
    ln -s /proc/self/mem unreadable
    run_split acme-hook show ./unreadable
    assert_status 1
    assert_contains "$stderr" "cannot read $PWD/unreadable"
    run_split acme-hook lint ./unreadable
    assert_status 1
    assert_contains "$output" "unreadable: error: cannot read"
    run_split acme-hook show
    assert_status 2
    run_split acme-hook dance
    assert_status 2
    assert_empty "$output"
}

@test "root does not run what others can change; everybody else does" {
    make_hook hook
    chmod 777 hook/auth
    run_split acme-hook run auth ./hook -d example.com
    if [[ $EUID -ne 0 ]]; then
        assert_status 0
        return
    fi
    assert_status 1
    assert_contains "$stderr" "error: root does not run $PWD/hook/auth: $PWD/hook/auth can be written to by everybody"
    assert_contains "$stderr" "hint: chown root $PWD/hook/auth; chmod go-w $PWD/hook/auth"
    [[ ! -e log ]]
    run_split acme-hook lint ./hook
    assert_status 1
    assert_contains "$output" "hook/auth: error: it can be written to by everybody"
    chmod 755 hook/auth
    run_split acme-hook run auth ./hook -d example.com
    assert_status 0
    chmod 777 hook
    run_split acme-hook run auth ./hook -d example.com
    assert_status 1
    assert_contains "$stderr" "$PWD/hook can be written to by everybody"
    chmod 755 hook
    chown 12345 hook/cleanup
    run_split acme-hook run auth ./hook -d example.com
    assert_status 1
    assert_contains "$stderr" "belongs to user 12345"
    acme-order --agree-tos -d refused.example.test >ordered
    run_split acme-challenge --hook ./hook ordered
    assert_status 1
    assert_contains "$stderr" "root does not run"
    assert_equal "$(wc -l <log)" 1
}
