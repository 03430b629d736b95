#!/usr/bin/env sh
# Copies key and chain into one file: DEPLOY_COPIES_TO, saved with the domain.

# Usage: copies_deploy domain keyfile certfile cafile fullchain pfx
copies_deploy() {
  _cdomain="$1"
  _ckey="$2"
  _cfullchain="$5"
  _getdeployconf DEPLOY_COPIES_TO
  if [ -z "$DEPLOY_COPIES_TO" ]; then
    _err "Please say with DEPLOY_COPIES_TO where the file goes."
    return 1
  fi
  _savedeployconf DEPLOY_COPIES_TO "$DEPLOY_COPIES_TO"
  _info "$# arguments for $_cdomain, the pfx would be $6"
  cat "$_ckey" "$_cfullchain" >"$DEPLOY_COPIES_TO"
}
