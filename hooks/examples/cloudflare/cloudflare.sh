# shellcheck shell=sh
# What auth and cleanup share: the record's name, requests to Cloudflare, and the zone that a name is in.

: "${CLOUDFLARE_API_TOKEN:?export it, and name it with --hook-env CLOUDFLARE_API_TOKEN}"
: "${CERTBOT_DOMAIN:?}" "${CERTBOT_VALIDATION:?}"
url=${CLOUDFLARE_API:-https://api.cloudflare.com/client/v4}
# A wildcard arrives without its `*.`, so that example.com and *.example.com have one name with two values.
export name="${ACME_RECORD_NAME:-_acme-challenge.$CERTBOT_DOMAIN}"

die() {
	echo "cloudflare example: $name: $*" >&2
	exit 1
}

case $CLOUDFLARE_API_TOKEN in
*[!A-Za-z0-9_-]*) die 'the token has letters in it that no token has' ;;
esac

# api METHOD PATH [CURL-OPTION...]: the answer, a line of JSON. Everybody can see the arguments of a process, so
# the token goes to curl's standard input. --retry waits as long as Cloudflare asks when it says 429.
api() {
	method=$1 path=$2
	shift 2
	printf 'header = "Authorization: Bearer %s"\n' "$CLOUDFLARE_API_TOKEN" |
		curl --config - --silent --show-error --max-time 20 --retry 2 --retry-max-time 60 \
			--header 'Content-Type: application/json' --request "$method" "$@" "$url$path"
}

# good ANSWER: whether it says that it worked, or has one of the error codes given after it
good() {
	answer=$1
	shift
	printf %s "$answer" | jq -e '.success == true or any(.errors[]?; .code | tostring | IN($ARGS.positional[]))' \
		--args "$@" >/dev/null 2>&1
}

# refused ANSWER: end with the errors in it
refused() {
	die "$(printf %s "$1" | jq -r '[.errors[]? | "\(.message) (code \(.code))"] | join("; ") | @json' 2>/dev/null)" \
		'(the token needs Zone / Zone / Read and Zone / DNS / Edit for the zone)'
}

# The id of the longest zone that the name is in: www.example.co.uk, then example.co.uk, then co.uk.
zone() {
	candidate=$name
	while [ "$candidate" != "${candidate#*.}" ]; do
		export candidate
		answer=$(api GET /zones --get --data-urlencode "name=$candidate") || die 'no answer'
		good "$answer" || refused "$answer"
		printf %s "$answer" | jq -er '.result[] | select(.name == env.candidate).id | scan("^[0-9a-f]+$")' && return
		candidate=${candidate#*.}
	done
	die 'the token can read no zone with this name in it'
}
