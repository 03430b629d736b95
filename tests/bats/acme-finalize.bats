load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

@test "an order that is not ready says what is missing" {
    acme-order --agree-tos -d pending.example.test >ordered
    run_split acme-finalize ordered
    assert_status 1
    assert_contains "$stderr" "the order is pending; 0 of 1 authorizations valid"
    assert_contains "$stderr" "acme-finalize: hint: run acme-challenge first"
}

@test "run twice on one document gives the same certificate, and keeps one key" {
    acme-order --agree-tos -d twice.example.test | acme-challenge --standalone >proved
    first=$(acme-finalize proved | jq -r .certificate.serial)
    assert_equal "$(acme-finalize proved | jq -r .certificate.serial)" "$first"
    assert_equal "$(find "$ACME_CONFIG_DIR/keys" -type f | wc -l)" 1
}

@test "garbage, nothing, a truncated document, closed standard input" {
    run_split acme-finalize <<<garbage
    assert_status 1
    assert_empty "$output"
    run_split acme-finalize </dev/null
    assert_status 1
    assert_contains "$stderr" "did the command before it fail?"
    acme-order --agree-tos -d cut.example.test | head -c 500 >part
    run_split acme-finalize part
    assert_status 1
    run bash -c 'acme-finalize <&-'
    assert_status 1
    run_split acme-finalize .
    assert_status 1
}

@test "the document of another account" {
    acme-order --agree-tos -d other.example.test | acme-challenge --standalone >proved
    ACME_CONFIG_DIR=$PWD/other acme-account register --agree-tos
    ACME_CONFIG_DIR=$PWD/other run_split acme-finalize proved
    assert_status 1
    assert_contains "$stderr" "which is not ours"
}
