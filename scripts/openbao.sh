# shellcheck shell=bash
# A real OpenBao per environment, on certificates of the workspace that is the
# working directory. Sourced, after `set -euo pipefail`.
#
#   run/ENV/            configuration, storage and log of the server
#   secrets/ENV-*       its unseal key, and its root token, also as a header file
#
# The servers listen on the loopback interface alone. Their certificates name
# the declared host and no loopback address, so curl is told where it is.

# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

declare -A port=() # of each server
servers=()         # their process ids

# --- servers ------------------------------------------------------------------

free_ports() {
  python3 - "$1" <<'PYTHON'
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in held))
PYTHON
}

# host ENV: the host name of the declared address.
host() { declared "$1" '' address | sed -e 's|^https://||' -e 's|[:/].*||'; }

# server_config ENV API-PORT CLUSTER-PORT: mutual TLS; who has no certificate of
# this environment's identity intermediate is turned away in the handshake.
server_config() {
  cat <<HCL
ui           = false
api_addr     = "https://$(host "$1"):$2"
cluster_addr = "https://127.0.0.1:$3"

storage "raft" {
  path                   = "$PWD/run/$1/data"
  node_id                = "$1"
  performance_multiplier = 1
}

listener "tcp" {
  address                            = "127.0.0.1:$2"
  cluster_address                    = "127.0.0.1:$3"
  tls_cert_file                      = "$PWD/identities/$1/vault-server/chain.pem"
  tls_key_file                       = "$PWD/identities/$1/vault-server/key.pem"
  tls_client_ca_file                 = "$PWD/ca/$1/identity/g1/cert.pem"
  tls_require_and_verify_client_cert = true
}
HCL
}

# server_start ENV: starts it on free ports and waits until it answers.
server_start() {
  local env=$1 bao ports try
  local dir=run/$env
  # Storage without its unseal key is of an initialisation that was interrupted.
  [ -s "secrets/$env-openbao.json" ] || rm -rf "$dir/data"
  (umask 077 && mkdir -p "$dir/data")
  bao=$(openbao_path)
  read -ra ports < <(free_ports 2)
  port[$env]=${ports[0]}
  server_config "$env" "${ports[@]}" >"$dir/server.hcl"
  env -i PATH="$PATH" HOME="$PWD/$dir" \
    "$bao" server -config="$dir/server.hcl" >"$dir/server.log" 2>&1 &
  servers+=($!)
  for ((try = 0; try < 150; try++)); do
    [ "$(server_health "$env")" = 000 ] || return 0
    kill -0 "${servers[-1]}" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 5 "$dir/server.log" >&2
  die 1 "the OpenBao of $env does not answer" "see $PWD/$dir/server.log"
}

# server_health ENV: 000 no answer, 501 not initialised, 503 sealed, 200 active.
server_health() {
  call "$1" "$1/operator" GET sys/health -o /dev/null -w '%{http_code}' 2>/dev/null || true
}

# server_open ENV: initialises it the first time, unseals it, waits for it.
server_open() {
  local env=$1 try
  local keys=secrets/$env-openbao.json
  if [ "$(server_health "$env")" = 501 ]; then
    progress PUT sys/init
    (
      umask 077
      jq -n '{secret_shares: 1, secret_threshold: 1}' |
        call "$env" "$env/operator" PUT sys/init --data-binary @- >"$keys.new"
      jq -r .root_token "$keys.new" >"secrets/$env-token"
      sed 's/^/X-Vault-Token: /' "secrets/$env-token" >"secrets/$env-token.header"
      mv "$keys.new" "$keys"
    )
  fi
  progress PUT sys/unseal
  jq '{key: .keys_base64[0]}' "$keys" |
    call "$env" "$env/operator" PUT sys/unseal --data-binary @- >/dev/null
  for ((try = 0; try < 150; try++)); do
    [ "$(server_health "$env")" = 200 ] && return 0
    sleep 0.1
  done
  die 1 "the OpenBao of $env stays sealed" "see $PWD/run/$env/server.log"
}

# stop_at_exit: from now on no server outlives the script, however it ends.
stop_at_exit() {
  trap servers_stop EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

servers_stop() {
  [ ${#servers[@]} -gt 0 ] || return 0
  kill "${servers[@]}" 2>/dev/null || true
  wait "${servers[@]}" 2>/dev/null || true
}

# --- calls --------------------------------------------------------------------

# call ENV WHO METHOD PATH [CURL-OPTION...]: one request to the server of ENV with
# the client certificate of WHO (an identity, ENV/NAME).
call() {
  local env=$1 who=$2 method=$3 path=$4 name
  shift 4
  name=$(host "$env")
  curl -q -sS --fail-with-body --max-time 60 --noproxy '*' \
    --resolve "$name:${port[$env]}:127.0.0.1" --cacert "ca/$env/trust.pem" \
    --cert "identities/$who/chain.pem" --key "identities/$who/key.pem" \
    -X "$method" "$@" "https://$name:${port[$env]}/v1/$path"
}

# api ENV METHOD PATH: the same as operator, with the root token; the body comes
# on standard input unless the method is GET. Says what it does, prints the answer.
api() {
  local env=$1 method=$2 path=$3 answer body=()
  [ "$method" = GET ] || body=(--data-binary @-)
  [ "$method" = GET ] || progress "$method" "$path"
  if ! answer=$(call "$env" "$env/operator" "$method" "$path" \
    -H "@secrets/$env-token.header" "${body[@]}"); then
    die 1 "$env: $method $path: $(jq -r '.errors[]?' <<<"$answer" 2>/dev/null)"
  fi
  printf '%s' "$answer"
}

# on ENV COMMAND...: shows and runs rootward, connected to the server of ENV as
# operator with the root token.
on() {
  local env=$1 name
  shift
  name=$(host "$env")
  show rootward "$@"
  BAO_ADDR=https://127.0.0.1:${port[$env]} BAO_TLS_SERVER_NAME=$name \
    BAO_CLIENT_CERT=identities/$env/operator/chain.pem \
    BAO_CLIENT_KEY=identities/$env/operator/key.pem \
    rootward "$@" --token-file "secrets/$env-token"
}

# enable ENV sys/mounts|sys/auth PATH TYPE: unless something is mounted there.
enable() {
  api "$1" GET "$2" | jq -e --arg path "$3/" '.data[$path]' >/dev/null ||
    jq -n --arg type "$4" '{$type}' | api "$1" POST "$2/$3"
}

# --- the intermediate whose key lives in the server ---------------------------

# pki_request ENV MOUNT OPTIONS FILE: has a key made in the server, writes its
# request; OPTIONS is a JSON object.
pki_request() {
  enable "$1" sys/mounts "$2" pki
  [ -s "$4" ] && return 0
  api "$1" POST "$2/intermediate/generate/internal" <<<"$3" | jq -er .data.csr >"$4.new"
  mv "$4.new" "$4"
}

# pki_set ENV MOUNT CHAIN: gives the signed intermediate and its root back; the
# server must find its own key to the first, and none to the second.
pki_set() {
  local answer
  answer=$(jq -n --rawfile chain "$3" '{certificate: $chain}' |
    api "$1" POST "$2/intermediate/set-signed")
  jq -e '.data | (.imported_issuers // []) + (.existing_issuers // [])
    | length == 2' <<<"$answer" >/dev/null || die 1 "$1: $2 did not take both certificates"
  jq -e '[.data.mapping[] | select(. != "")] | length == 1' <<<"$answer" >/dev/null ||
    die 1 "$1: $2 has no key to the certificate"
}

# pki_leaf ENV MOUNT OUT: has the server issue a leaf, and stock openssl judge it;
# writes OUT-leaf.pem and OUT-chain.pem. The leaf's key is thrown away.
pki_leaf() {
  local domain answer
  domain=$(declared "$1" '' trust_domain)
  jq -n --arg domain "$domain" '{
    allowed_domains: [$domain], allow_subdomains: true, allow_ip_sans: false,
    key_type: "ec", key_bits: 256, max_ttl: "72h"
  }' | api "$1" POST "$2/roles/workload" >/dev/null
  answer=$(jq -n --arg name "web.$domain" '{common_name: $name}' |
    api "$1" POST "$2/issue/workload" | jq 'del(.data.private_key)')
  jq -er .data.certificate <<<"$answer" >"$3-leaf.pem"
  jq -er '.data.ca_chain[]' <<<"$answer" >"$3-chain.pem"
  run openssl verify -x509_strict -auth_level 2 -purpose sslserver \
    -verify_hostname "web.$domain" \
    -CAfile "ca/$1/trust.pem" -untrusted "$3-chain.pem" "$3-leaf.pem"
}

# --- certificate login --------------------------------------------------------

# cert_login ENV WHO NAME [CURL-OPTION...]: logs WHO (ENV/NAME) in to the server
# of ENV as NAME; prints entity and policies, never the token.
cert_login() {
  jq -n --arg name "$3" '{$name}' |
    call "$1" "$2" POST "auth/$(declared "$1" mounts cert)/login" \
      --data-binary @- "${@:4}" |
    jq -er 'if .auth then .auth | .entity_id, (.token_policies | join(", "))
      else .errors | join(", ") + "\n" | halt_error(1) end'
}
