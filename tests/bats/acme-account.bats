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

@test "update replaces the contacts, and an empty one removes them" {
    acme-account register --agree-tos -m one@example.test
    run_split acme-account update -m two@example.test -m three@example.test
    assert_status 0
    assert_equal "$(jq -c .contact <<<"$output")" '["mailto:two@example.test","mailto:three@example.test"]'
    run_split acme-account update -m ''
    assert_equal "$(jq -c .contact <<<"$output")" '[]'
    run_split acme-account update
    assert_status 2
    assert_contains "$stderr" "acme-account: hint: "
}

@test "rollover gives the same account a new key, and certbot's name of it" {
    acme-account register --agree-tos
    old=$(acme-account show)
    run_split acme-account rollover --key-type rsa
    assert_status 0
    assert_equal "$(jq -r .url <<<"$output")" "$(jq -r .url <<<"$old")"
    new=$(acme-account show)
    [[ $(jq -r .thumbprint <<<"$new") != $(jq -r .thumbprint <<<"$old") ]]
    directory=$(jq -r .directory <<<"$new")
    assert_equal "$(basename "$directory")" "$(jq -r .id <<<"$new")"
    assert_equal "$(stat -c %a "$directory/private_key.json")" 400
    assert_equal "$(jq -r .kty "$directory/private_key.json")" RSA
    assert_equal "$(ls "$directory/..")" "$(jq -r .id <<<"$new")"
}

@test "rollover that is killed, with the change made at the CA: the next command finds the key that is valid" {
    mkdir proxy
    "$ROOT/tests/fakes/proxy.py" "$CA_DIR" proxy '[{"path": "/rollover", "hang": true}]'
    # shellcheck disable=SC1091 # written by the proxy
    acme() { (source proxy/env && "$@"); }
    acme acme-account register --agree-tos
    before=$(acme acme-account show | jq -r .thumbprint)
    # shellcheck disable=SC1091
    (source proxy/env && exec acme-account rollover) 2>errors >output &
    pid=$!
    # The CA writes that it has begun; the answer, which hangs, is written at once after it.
    for _ in {1..200}; do
        grep -q rollover proxy/requests.jsonl && break
        sleep 0.05
    done
    kill -9 "$pid"
    wait "$pid" || true
    assert_empty "$(<output)"
    directory=$(acme acme-account list | jq -r .directory)
    [[ -e $directory/private_key.json && -e $directory/next_private_key.json ]]
    for _ in {1..100}; do # the CA may be at it still
        run_split acme acme-account show
        assert_status 0
        [[ $(jq -r .thumbprint <<<"$output") == "$before" ]] || break
        sleep 0.05
    done
    [[ $(jq -r .thumbprint <<<"$output") != "$before" ]]
    directory=$(jq -r .directory <<<"$output")
    [[ -e $directory/private_key.json && ! -e $directory/next_private_key.json ]]
    "$ROOT/tests/ca/stop" proxy
}

@test "deactivate ends the account, and none is left" {
    acme-account register --agree-tos
    run_split acme-account deactivate
    assert_status 0
    assert_equal "$(jq -r .status <<<"$output")" deactivated
    run_split acme-account list
    assert_empty "$output"
    run_split acme-order -d gone.example.test
    assert_status 2
}

@test "export and import take an account to another host, by a pipe too" {
    acme-account register --agree-tos
    url=$(acme-account list | jq -r .url)
    acme-account export | ACME_CONFIG_DIR=$PWD/other acme-account import --key /dev/stdin
    run_split env ACME_CONFIG_DIR="$PWD/other" acme-account show
    assert_equal "$(jq -r .url <<<"$output")" "$url"
    run_split acme-account export --key-format pem
    assert_contains "$output" "-----BEGIN PRIVATE KEY-----"
}

@test "recover finds the account of a key in a file that nobody else can read" {
    acme-account register --agree-tos
    acme-account export --key-format pem --output key.pem
    assert_equal "$(stat -c %a key.pem)" 600
    url=$(acme-account list | jq -r .url)
    rm -r "$ACME_CONFIG_DIR"
    run_split acme-account recover --key key.pem
    assert_status 0
    assert_equal "$(jq -r .url <<<"$output")" "$url"
}

@test "servers prints short names, which --server takes" {
    run_split acme-account servers
    assert_status 0
    assert_equal "$(jq -r 'select(.name == "letsencrypt").url' <<<"$output")" \
        https://acme-v02.api.letsencrypt.org/directory
    assert_equal "$(jq -c 'select(.name == "zerossl").needs' <<<"$output")" '["eab"]'
    run_split acme-account list --server zerossl
    assert_status 0
    run_split acme-account list --server nobody
    assert_status 2
    assert_contains "$stderr" "acme-account servers"
}
