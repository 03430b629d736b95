#!/usr/bin/env bash
# A hook of dehydrated: TXT records at challtestsrv; for http-01 dehydrated itself writes what is served.
# CALLS is a file that gets a line a call, DEPLOYED a directory for certificates.
set -euo pipefail

tell() {
	curl -sSf -o /dev/null -d "$2" "$CHALLTESTSRV/$1"
}

deploy_challenge() {
	local DOMAIN="${1}" TOKEN_FILENAME="${2}" TOKEN_VALUE="${3}"
	[[ $# -eq 3 ]] || exit 9
	if [[ "${CHALLENGETYPE}" == http-01 ]]; then
		[[ "$(cat "${WELLKNOWN}/${TOKEN_FILENAME}")" == "${TOKEN_VALUE}" ]]
	else
		tell set-txt "{\"host\": \"_acme-challenge.${DOMAIN}.\", \"value\": \"${TOKEN_VALUE}\"}"
	fi
}

clean_challenge() {
	local DOMAIN="${1}"
	[[ $# -eq 3 ]] || exit 9
	[[ "${CHALLENGETYPE}" == http-01 ]] || tell clear-txt "{\"host\": \"_acme-challenge.${DOMAIN}.\"}"
}

sync_cert() {
	sync -d -- "${1}" "${2}" "${3}" "${4}" "${5}"
}

deploy_cert() {
	local DOMAIN="${1}" KEYFILE="${2}" CERTFILE="${3}" FULLCHAINFILE="${4}" CHAINFILE="${5}" TIMESTAMP="${6}"
	[[ -s "${CERTFILE}" && -s "${CHAINFILE}" && "${TIMESTAMP}" =~ ^[0-9]+$ ]]
	if [[ -n "${DEPLOYED:-}" ]]; then
		cat "${KEYFILE}" "${FULLCHAINFILE}" >"${DEPLOYED}/${DOMAIN#\*.}.pem"
	fi
}

# Many read their settings from there.
# shellcheck source=/dev/null
. "${CONFIG}"

HANDLER="${1}"
shift
if [[ -n "${CALLS:-}" ]]; then
	echo "${HANDLER}" "$@" >>"${CALLS}"
fi
if [[ "${HANDLER}" =~ ^(deploy_challenge|clean_challenge|sync_cert|deploy_cert)$ ]]; then
	"${HANDLER}" "$@"
fi
