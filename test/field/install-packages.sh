#!/usr/bin/env bash
# Installs what packages.txt (this one, or the files named) names and this machine lacks. Warm runs ask dpkg only and
# never call apt-get.
# Where it may not install, it says what is missing and fails: nothing is skipped.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
[ $# -gt 0 ] || set -- test/field/packages.txt
# A line with a colon is a package that a guest is unpacked from; it is not installed.
mapfile -t wanted < <(sed -E 's/#.*//; s/[[:space:]]+//g; /^$/d; /:/d' "$@")

missing=()
for each in "${wanted[@]}"; do
  package=${each%%=*}
  # package=/usr/bin/program: not needed where the program is there from elsewhere.
  [ "$package" != "$each" ] && [ -x "${each#*=}" ] && continue
  dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

refuse() {
  echo "The tests need Debian packages that are not installed: ${missing[*]}" >&2
  echo "$1 As root: apt-get install ${missing[*]}" >&2
  echo "Without them only \`make fast\` runs." >&2
  exit 1
}
command -v apt-get >/dev/null || refuse "There is no apt-get on this machine."
[ "$(id -u)" -eq 0 ] || refuse "Only root may install them."

# The package mosquitto starts a broker of its own when installed. The tests bring theirs; a host gets no listener
# from us, so services are kept from starting while we install (policy-rc.d, unless the host has one).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 0755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
# Slim images drop /usr/share/doc, and libmodbus keeps its test server there.
install() {
  apt-get install -y -q --no-install-recommends -o Acquire::Retries=3 \
    -o 'Dpkg::Options::=--path-include=/usr/share/doc/libmodbus-dev/*' "${missing[@]}"
}
echo "Installing ${missing[*]}"
install || { apt-get update -q && install; } || refuse "apt-get could not install them (see above)."
