load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

# as UID COMMAND...
as() {
    setpriv --reuid="$1" --regid="$1" --clear-groups env HOME="$BATS_TEST_TMPDIR/$1" ACME_CONFIG_DIR="$BATS_TEST_TMPDIR/$1/config" \
        ACME_WORK_DIR="$BATS_TEST_TMPDIR/$1/work" "${@:2}"
}

# copy_commands PLACE: the commands in PLACE/bin, by an interpreter and a copy of the library that anybody can read
copy_commands() {
    local packages interpreter command
    packages=$(python3 -c 'import click, pathlib; print(pathlib.Path(click.__file__).parent.parent)')
    mkdir "$1/bin" "$1/lib"
    cp -r "$packages/." "$1/lib"
    [[ -n ${ACME_BIN:-} ]] || cp -r "$ROOT/toolkit" "$1/lib"
    chmod -R a+rX "$1/lib"
    for interpreter in "$(command -v python3)" /usr/bin/python3; do
        as 64103 env PYTHONPATH="$1/lib" "$interpreter" -c 'import click, josepy, toolkit' 2>/dev/null || continue
        for command in account csr order challenge finalize install; do
            printf '#!/bin/sh\nPYTHONPATH=%s exec %s -c "from toolkit.commands.%s import main; main()" "$@"\n' \
                "$1/lib" "$interpreter" "$command" >"$1/bin/acme-$command"
        done
        chmod 755 "$1"/bin/*
        return
    done
    return 1
}

@test "three users: who installs, who has the account, who presents" {
    [[ $EUID -eq 0 ]] || skip "needs root to become several users"
    installer=64101 account=64102 presenter=64103
    umask 022
    # What the tests run may lie where only root can read it: the three users get a copy of it.
    place=$(mktemp -d "${TMPDIR:-/tmp}/acme-users.XXXXXX")
    chmod 755 "$place"
    copy_commands "$place" || { rm -rf "$place" && fail "no python3 that other users can run"; }
    PATH=$place/bin:$PATH
    cp -L "$ACME_CA_BUNDLE" "$place/root.pem"
    for user in $installer $account $presenter; do install -d -m 700 -o "$user" "$BATS_TEST_TMPDIR/$user"; done
    path=$BATS_TEST_TMPDIR
    while [[ $path != / ]]; do chmod o+x "$path"; path=$(dirname "$path"); done
    export ACME_CA_BUNDLE=$place/root.pem
    install -d -m 755 -o "$presenter" "$BATS_TEST_TMPDIR/webroot"
    (cd "$BATS_TEST_TMPDIR/webroot" && exec python3 -m http.server --bind 127.0.0.1 "$ACME_HTTP_01_PORT") >/dev/null 2>&1 3>&- &
    server=$!
    cd "$BATS_TEST_TMPDIR"
    as $account acme-account register --agree-tos
    as $installer acme-csr -d users.example.test | tee one.json | as $account acme-order | tee two.json |
        as $presenter acme-challenge present --check skip -w webroot | tee three.json |
        as $account acme-challenge answer | tee four.json |
        as $presenter acme-challenge cleanup -w webroot | tee five.json |
        as $account acme-finalize | tee six.json |
        as $installer acme-install >seven.json
    kill "$server"
    rm -rf "$place"
    live=$BATS_TEST_TMPDIR/$installer/config/live/users.example.test
    openssl x509 -in "$live/cert.pem" -noout -pubkey | cmp - <(openssl pkey -in "$live/privkey.pem" -pubout)
    assert_equal "$(stat -Lc '%u %a' "$live/privkey.pem")" "$installer 600"
    run as $presenter cat "$BATS_TEST_TMPDIR/$account"/config/accounts/*/*/*/private_key.json
    [[ $status -ne 0 ]]
    run as $account touch "$live/x"
    [[ $status -ne 0 ]]
    [[ ! -e $BATS_TEST_TMPDIR/$account/config/keys ]]
    assert_lacks "$(cat ./*.json)" "PRIVATE KEY"
}
