load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

# as UID COMMAND...
as() {
    setpriv --reuid="$1" --regid="$1" --clear-groups env HOME="$BATS_TEST_TMPDIR/$1" ACME_CONFIG_DIR="$BATS_TEST_TMPDIR/$1/config" \
        ACME_WORK_DIR="$BATS_TEST_TMPDIR/$1/work" "${@:2}"
}

@test "three users: who installs, who has the account, who presents" {
    [[ $EUID -eq 0 ]] || skip "needs root to become several users"
    installer=64101 account=64102 presenter=64103
    umask 022
    # A checkout below somebody's home is out of reach for others: they get a copy, and the CA's root.
    place=$(mktemp -d /tmp/acme-users.XXXXXX)
    chmod 755 "$place"
    cp -rL "$ACME_CA_BUNDLE" "$place/root.pem"
    for user in $installer $account $presenter; do install -d -m 700 -o "$user" "$BATS_TEST_TMPDIR/$user"; done
    path=$BATS_TEST_TMPDIR
    while [[ $path != / ]]; do chmod o+x "$path"; path=$(dirname "$path"); done
    if ! as $installer acme-csr --version >/dev/null 2>&1; then
        rm -rf "$place"
        skip "this checkout cannot be read by other users"
    fi
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
