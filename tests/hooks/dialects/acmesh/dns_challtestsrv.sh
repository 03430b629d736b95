#!/usr/bin/env sh
# shellcheck disable=SC2034
dns_challtestsrv_info='pebble-challtestsrv
Site: github.com/letsencrypt/pebble
Options:
 CHALLTESTSRV URL of its management interface.
'

# Usage: dns_challtestsrv_add _acme-challenge.www.example.com "value"
dns_challtestsrv_add() {
  fulldomain=$1
  txtvalue=$2
  if ! _challtestsrv_settings; then
    return 1
  fi
  _saveaccountconf_mutable CHALLTESTSRV "$CHALLTESTSRV"
  _info "adding $txtvalue at $fulldomain"
  _challtestsrv_tell set-txt "{\"host\":\"$fulldomain.\",\"value\":\"$txtvalue\"}"
}

# Usage: dns_challtestsrv_rm _acme-challenge.www.example.com "value"
# The server has no single values: it is all of the name.
dns_challtestsrv_rm() {
  fulldomain=$1
  if ! _challtestsrv_settings; then
    return 1
  fi
  _info "removing what is at $fulldomain"
  _challtestsrv_tell clear-txt "{\"host\":\"$fulldomain.\"}"
}

_challtestsrv_settings() {
  CHALLTESTSRV="${CHALLTESTSRV:-$(_readaccountconf_mutable CHALLTESTSRV)}"
  if [ -z "$CHALLTESTSRV" ]; then
    _err "Please say with CHALLTESTSRV where the server is."
    return 1
  fi
}

_challtestsrv_tell() {
  response="$(_post "$2" "$CHALLTESTSRV/$1" "" "POST" "application/json")"
  # shellcheck disable=SC2181 # as they write it
  if [ "$?" != "0" ]; then
    _err "$CHALLTESTSRV does not answer."
    return 1
  fi
  _debug2 response "$response"
}
