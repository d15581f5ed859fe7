#!/usr/bin/env bash
# build-root.sh SUITE ARCH makes .cache/packages-SUITE-ARCH/root: Debian as it is installed, configured by its own
# scripts, in which our package is installed, upgraded, removed and purged. SUITE: bookworm is Debian 12, trixie 13.
# Programs of another machine run under qemu-user. A warm run does nothing; the key is the list of packages and this.
set -euo pipefail
suite=${1:?bookworm or trixie} arch=${2:?arm64 or amd64}
cd "$(dirname "$0")/../../.."
here=$PWD/test/packages/roots
cache=$PWD/.cache/packages-$suite-$arch
key=$(cat "$here/packages.txt" "$here/build-root.sh" | sha256sum | cut -c1-16)
[ "$arch" = "$(dpkg --print-architecture)" ] || "$here/run-arm64.sh"
[ "$(cat "$cache/key" 2>/dev/null)" = "$key" ] && exit 0
echo "Building a root of Debian $suite for $arch (once; it stays in ${cache#"$PWD/"})"
rm -rf "$cache"
mkdir -p "$cache"
# From the mirrors that this machine's apt is set up with.
# shellcheck disable=SC2016 # $(...) are apt's own fields
mapfile -t mirrors < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' \
  'Component: main' 'Origin: Debian' | sed -E "s/ (bookworm|trixie)/ $suite/" | grep " $suite" | sort -u \
  | sed 's/.*/deb & main/')
[ ${#mirrors[@]} -gt 0 ] || { echo "No Debian mirror is set up for apt on this machine." >&2; exit 1; }
include=$(sed -E 's/#.*//; s/[[:space:]]+//g; /^$/d' "$here/packages.txt" | paste -sd,)
[ "$suite" = bookworm ] && include=${include/libssl3t64/libssl3}
mmdebstrap --quiet --variant=essential --architectures="$arch" --include="$include" \
  --aptopt='Acquire::Retries "3"' --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$cache/root" "${mirrors[@]}"
echo "$key" >"$cache/key"
du -sh "$cache/root"
