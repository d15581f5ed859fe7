#!/usr/bin/env bash
# build-root.sh makes .cache/image-root/{root,vmlinuz,packages}: Debian 13 for ARM64 as the image has it, before
# anything of ours is in it. Packages are unpacked and none is configured: no program of the gateway runs here, so
# nothing is emulated. A warm run does nothing: the same cache gives the same image, and `packages` says which versions
# are in it.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/packaging/image
cache=$PWD/.cache/image-root
suite=trixie
key=$(cat "$here"/{root-packages.txt,build-root.sh,list-packages.sh} | sha256sum | cut -c1-16)
mkdir -p .cache
exec 9>.cache/image-root.lock
flock 9                                # two releases at once make it once
[ "$(cat "$cache/key" 2>/dev/null)" = "$key" ] && exit 0
echo "Building the image's root, Debian $suite for ARM64 (once; it stays in ${cache#"$PWD/"})"
rm -rf "$cache"
mkdir -p "$cache"
root=$cache/root

# --- packages, from the mirrors that this machine's apt is set up with
# shellcheck disable=SC2016 # $(...) are apt's own fields
mapfile -t mirrors < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' \
  'Component: main' 'Origin: Debian' | sed -E "s/ (bookworm|trixie)/ $suite/" | grep " $suite" | sort -u \
  | sed 's/.*/deb & main/')
[ ${#mirrors[@]} -gt 0 ] || { echo "No Debian mirror is set up for apt on this machine." >&2; exit 1; }
include=$(sed -E 's/#.*//; s/[[:space:]]+//g; /^$/d' "$here/root-packages.txt" | paste -sd,)
# Everything lies under /usr; the links of old have to stand before anything is unpacked.
# shellcheck disable=SC2016 # mmdebstrap gives its hook the tree as $1
mmdebstrap --quiet --variant=extract --architectures=arm64 --include="$include" \
  --aptopt='Acquire::Retries "3"' --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
  --setup-hook='for each in bin sbin lib; do mkdir -p "$1/usr/$each"; ln -s "usr/$each" "$1/$each"; done' \
  --extract-hook="'$here/list-packages.sh' \"\$1/var/cache/apt/archives\" >'$cache/packages'" \
  "$suite" "$root" "${mirrors[@]}"
release=$(basename "$root"/usr/lib/modules/*)
mv "$root/boot/vmlinuz-$release" "$cache/vmlinuz"
echo "$key" >"$cache/key"
du -sh "$root" "$cache/vmlinuz"
