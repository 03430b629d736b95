load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

@test "register needs the terms to be agreed to, then keeps one account" {
    run_split acme-account register
    assert_status 2
    assert_contains "$stderr" "acme-account: error:"
    assert_contains "$stderr" "acme-account: hint: "
    run_split acme-account register --agree-tos -m someone@example.test
    assert_status 0
    url=$(jq -r .url <<<"$output")
    run_split acme-account register --agree-tos
    assert_equal "$(jq -r .url <<<"$output")" "$url"
    run_split acme-account list
    assert_equal "$(wc -l <<<"$output")" 1
    run_split acme-account show
    assert_equal "$(jq -r .status <<<"$output")" valid
    assert_equal "$(jq -r '.contact[0]' <<<"$output")" mailto:someone@example.test
}

@test "several first runs at once register one account" {
    for name in a b c d; do
        acme-order --agree-tos -d "$name.first.example.test" >"$name" 2>>errors &
    done
    wait
    assert_equal "$(cat a b c d | jq -r .account | sort -u | wc -l)" 1
    run_split acme-account list
    assert_equal "$(wc -l <<<"$output")" 1
}

@test "account files have certbot's names and modes" {
    acme-account register --agree-tos
    directory=$(acme-account list | jq -r .directory)
    assert_equal "$(stat -c %a "$directory/private_key.json")" 400
    assert_equal "$(jq -r .uri "$directory/regr.json")" "$(acme-account list | jq -r .url)"
    [[ -e $directory/meta.json ]]
}

@test "show without an account" {
    run_split acme-account show
    assert_status 2
    assert_contains "$stderr" "acme-account register --server"
}
