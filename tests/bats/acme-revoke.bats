load helper

setup_file() { start_ca --always-valid; }
teardown_file() { stop_ca; }

# issue NAME: from a CA that asks for no proof, for tests run side by side, and have one port
issue() {
    acme-run --agree-tos --manual-auth-hook true --preferred-challenges dns --check skip -d "$1" >/dev/null
}

@test "a lineage is revoked, and a second time is no error" {
    issue one.example.test
    run_split acme-revoke one.example.test
    assert_status 0
    assert_equal "$(jq -r '[.name, .status, .already] | @csv' <<<"$output")" '"one.example.test","revoked",false'
    # openssl fills whole bytes
    serial=$(openssl x509 -noout -serial -in "$ACME_CONFIG_DIR/live/one.example.test/cert.pem" | sed 's/serial=0*//')
    assert_equal "$(jq -r '.serial | ascii_upcase' <<<"$output")" "$serial"
    run_split acme-revoke -v one.example.test
    assert_status 0
    assert_equal "$(jq -r .already <<<"$output")" true
    assert_contains "$stderr" "was revoked already"
}

@test "a certificate is revoked by its own key, without an account" {
    issue two.example.test
    cp -L "$ACME_CONFIG_DIR"/live/two.example.test/{cert,privkey}.pem .
    rm -r "$ACME_CONFIG_DIR"
    run_split acme-revoke --cert cert.pem
    assert_status 2
    assert_contains "$stderr" "no account"
    run_split acme-revoke --cert cert.pem --key privkey.pem --reason keycompromise
    assert_status 0
    assert_equal "$(jq -r .status <<<"$output")" revoked
    [[ ! -e $ACME_CONFIG_DIR/accounts ]]
}

@test "of several, one that fails does not keep the others" {
    issue three.example.test
    run_split acme-revoke none.example.test three.example.test --reason superseded
    assert_status 2
    assert_equal "$(jq -rs 'map(.status) | join(" ")' <<<"$output")" "failed revoked"
    assert_contains "$stderr" "acme-revoke: error: none.example.test: no certificate is live"
}

@test "without anything to revoke" {
    run_split acme-revoke
    assert_status 2
    assert_contains "$stderr" "acme-revoke: error: nothing to revoke"
    assert_contains "$stderr" "acme-revoke: hint: "
}

@test "--delete-after-revoke leaves nothing of the lineage" {
    issue four.example.test
    run_split acme-revoke --delete-after-revoke four.example.test
    assert_status 0
    assert_equal "$(jq -c '[.status, .deleted]' <<<"$output")" '["revoked",true]'
    assert_empty "$(find "$ACME_CONFIG_DIR" -name 'four.example.test*')"
}
