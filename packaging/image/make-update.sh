#!/usr/bin/env bash
# make-update.sh OUT KEY BOARD ARCH VERSION OPTIONS KERNEL INITRD ROOT makes the update file OUT, signed by the
# Ed25519 key in the file KEY. What is in it: agent/Updating/UPDATE.md. The same input gives the same bytes.
set -euo pipefail
[ $# = 9 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 64; }
out=$1 key=$2 board=$3 arch=$4 version=$5 options=$6
shift 6
"$(dirname "$0")/../sign.sh" check "$key"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

part() { printf '{"name":"%s","bytes":%d,"sha256":"%s"}' "$1" "$(stat -c %s "$2")" "$(sha256sum <"$2" | cut -c1-64)"; }
case $board$arch$version$options in
  *[\"\\]*) echo "No quote and no backslash belongs into what an update says of itself." >&2; exit 64 ;;
esac
{
  printf '{"image":"sluice-gateway","board":"%s","architecture":"%s","version":"%s","options":"%s","parts":[' \
    "$board" "$arch" "$version" "$options"
  printf '%s,%s,%s]}' "$(part kernel "$1")" "$(part initrd "$2")" "$(part root "$3")"
} >"$work/manifest"

length=$(printf '%08x' "$(stat -c %s "$work/manifest")")
{
  printf 'SLUICE UPDATE 1\n'
  # shellcheck disable=SC2059 # the four bytes of the length
  printf "\\x${length:0:2}\\x${length:2:2}\\x${length:4:2}\\x${length:6:2}"
} >"$work/head"
cat "$work/head" "$work/manifest" >"$work/signed"
openssl pkeyutl -sign -rawin -inkey "$key" -in "$work/signed" -out "$work/signature"
cat "$work/head" "$work/signature" "$work/manifest" "$1" "$2" "$3" >"$out.new"
mv "$out.new" "$out"
