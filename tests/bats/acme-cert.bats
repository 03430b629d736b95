load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

# lineage NAME...: a lineage with the names
lineage() {
    acme-run -q --agree-tos --standalone -d "$(IFS=,; echo "$*")" >/dev/null
}

@test "list and show: lines for people, objects for programs" {
    run_split acme-cert list
    assert_status 0
    assert_equal "$output$stderr" ""
    lineage one.example.test www.one.example.test
    lineage two.example.test
    run_split acme-cert list
    assert_status 0
    assert_equal "${#lines[@]}" 2
    assert_contains "$output" "one.example.test  20"
    assert_contains "$output" "one.example.test www.one.example.test"
    run_split acme-cert list --format json two.example.test
    assert_equal "$(jq -r '[.name, .key, .generation, .owed == [], .error] | @tsv' <<<"$output")" $'two.example.test\tecdsa secp256r1\t1\ttrue\t'
    assert_equal "$(jq -r .not_after <<<"$output")" "$(date -u -d "$(openssl x509 -noout -enddate -in "$ACME_CONFIG_DIR/live/two.example.test/cert.pem" | cut -d= -f2)" +%Y-%m-%dT%H:%M:%SZ)"
    run_split acme-cert show --format json one.example.test
    assert_equal "$(jq -c '[.generations, .settings.authenticator.standalone]' <<<"$output")" '[[1],true]'
    run_split acme-cert show one.example.test
    assert_contains "$output" "issuer: Pebble"
}

@test "one that cannot be read does not hide the others, and is a failure" {
    lineage bad.example.test
    lineage good.example.test
    echo >"$ACME_CONFIG_DIR/archive/bad.example.test/fullchain1.pem"
    run_split acme-cert list
    assert_status 1
    assert_contains "$output" "good.example.test  20"
    assert_contains "$stderr" "acme-cert: error: bad.example.test: the certificate chain"
}

@test "rollback, rename and delete" {
    lineage old.example.test
    acme-run -q --standalone --force-renewal -d old.example.test
    run_split acme-cert rollback old.example.test
    assert_equal "$status:$output" "0:old.example.test: generation 1 is live"
    run_split acme-cert rollback old.example.test
    assert_status 2
    assert_contains "$stderr" "hint: those there are: 1 2"
    acme-cert rollback --generation 2 old.example.test
    run_split acme-cert rename old.example.test new.example.test
    assert_status 0
    assert_contains "$output" "$ACME_CONFIG_DIR/live/new.example.test"
    openssl x509 -in "$ACME_CONFIG_DIR/live/new.example.test/cert.pem" -noout -pubkey |
        cmp - <(openssl pkey -in "$ACME_CONFIG_DIR/live/new.example.test/privkey.pem" -pubout)
    # the lineage goes on under its new name
    run_split acme-run --standalone -v -d old.example.test --cert-name new.example.test
    assert_contains "$stderr" "not due before"
    run_split acme-cert delete --format json new.example.test
    assert_equal "$status:$output" '0:{"name":"new.example.test","deleted":true}'
    assert_equal "$(find "$ACME_CONFIG_DIR/archive" "$ACME_CONFIG_DIR/renewal" -type f)" ""
    run_split acme-cert delete new.example.test
    assert_status 2
    assert_contains "$stderr" "no lineage new.example.test"
}

@test "export: forms that openssl reads" {
    lineage ex.example.test
    echo 'a password' >password
    run_split acme-cert export --to pkcs12 --output out.p12 --password-file password ex.example.test
    assert_status 0
    assert_equal "$(stat -c %a out.p12)" 600
    openssl pkcs12 -in out.p12 -passin 'pass:a password' -nodes -nocerts 2>/dev/null | openssl pkey -pubout |
        cmp - <(openssl pkey -in "$ACME_CONFIG_DIR/live/ex.example.test/privkey.pem" -pubout)
    run_split acme-cert export ex.example.test
    assert_status 2
    assert_contains "$stderr" "name it with --output"
}

@test "a lineage that somebody works on is left alone, or waited for" {
    lineage busy.example.test
    flock "$ACME_CONFIG_DIR/live/.busy.example.test.lock" -c 'touch held; until [ -e release ]; do sleep 0.05; done' 3>&- &
    for _ in {1..200}; do [[ ! -e held ]] || break; sleep 0.05; done
    run_split acme-cert delete busy.example.test
    assert_status 75
    assert_contains "$stderr" "is locked by"
    (sleep 0.3; touch release) 3>&- &
    run_split acme-cert delete --lock-timeout 20 busy.example.test
    assert_status 0
    wait
}
