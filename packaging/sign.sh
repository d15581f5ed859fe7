#!/usr/bin/env bash
# sign.sh check KEY: is it a key that a release is signed with? sign.sh sign KEY FILE: FILE.sig, by the key in the file
# KEY (PEM; openssl asks for a passphrase). Ed25519 only: its signatures need no dice, so a release that is made again
# is the same to the last byte. A key of that kind: openssl genpkey -algorithm ed25519 -aes256 -out KEY
set -euo pipefail
what=${1:?check or sign} key=${2:?the key}
[ -r "$key" ] || { echo "$key: there is no key that can be read." >&2; exit 66; }
public=$(mktemp)
trap 'rm -f "$public"' EXIT
openssl pkey -in "$key" -pubout -out "$public" || { echo "$key: no private key in PEM." >&2; exit 65; }
openssl pkey -pubin -in "$public" -noout -text_pub | grep -q '^ED25519' \
  || { echo "$key: not an Ed25519 key: its signature would be another one each time." >&2; exit 65; }
[ "$what" = sign ] || exit 0
file=${3:?what to sign}
openssl pkeyutl -sign -rawin -inkey "$key" -in "$file" -out "$file.sig"
openssl pkeyutl -verify -pubin -inkey "$public" -rawin -in "$file" -sigfile "$file.sig" >/dev/null
