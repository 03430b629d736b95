load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

# certificate NAME: a document ready to be installed
certificate() {
    acme-order --agree-tos -d "$1" | acme-challenge --standalone | acme-finalize
}

@test "stores a lineage with the right modes, once however often it runs" {
    umask 077
    certificate store.example.test >document
    acme-install document >/dev/null
    acme-install document >/dev/null
    live=$ACME_CONFIG_DIR/live/store.example.test
    assert_equal "$(readlink "$live")" .store.example.test.1
    assert_equal "$(stat -Lc %a "$live/privkey.pem")" 600
    assert_equal "$(stat -Lc %a "$live/fullchain.pem")" 644
    openssl x509 -in "$live/cert.pem" -noout -pubkey | cmp - <(openssl pkey -in "$live/privkey.pem" -pubout)
    assert_equal "$(find "$ACME_CONFIG_DIR/keys" -type f | wc -l)" 0
    assert_contains "$(cat "$ACME_CONFIG_DIR/renewal/store.example.test.yaml")" "store.example.test"
}

@test "copies and deploy hooks; a failing hook is a failure, and the certificate stays" {
    certificate deploy.example.test >document
    run_split acme-install --copy combined=both.pem --copy cert=cert.pem --deploy-hook "echo \"\$RENEWED_DOMAINS \$RENEWED_LINEAGE\" >$PWD/deployed" document
    assert_status 0
    assert_equal "$(cat deployed)" "deploy.example.test $ACME_CONFIG_DIR/live/deploy.example.test"
    assert_equal "$(stat -c %a both.pem)" 600
    assert_equal "$(grep -c BEGIN both.pem)" 3
    run_split acme-install --deploy-hook 'exit 3' document
    assert_status 1
    assert_contains "$stderr" "exited with 3"
    assert_equal "$(jq -r '.deployed[0].ok' <<<"$output")" false
    [[ -e $ACME_CONFIG_DIR/live/deploy.example.test/cert.pem ]]
}

@test "verify fails where nothing is served" {
    certificate verify.example.test >document
    run_split acme-install --verify 127.0.0.1:1 document
    assert_status 1
    assert_contains "$stderr" "shows no certificate"
}

@test "a document with somebody else's certificate does not become live" {
    certificate mine.example.test >mine
    certificate other.example.test >other
    jq -c --slurpfile other other '.certificate = $other[0].certificate' mine >mixed
    run_split acme-install mixed
    assert_status 1
    [[ ! -e $ACME_CONFIG_DIR/live/mine.example.test ]]
    jq -c '.cert_name = "../../evil"' mine >evil
    run_split acme-install evil
    assert_status 1
    [[ ! -e $ACME_CONFIG_DIR/../evil ]]
}
