#!/usr/bin/env bash
# build-wine.sh makes .cache/packages-wine/root: Debian 13 for x64 with Wine, in which the release's program for Windows
# is started, with a home of Windows that was made once. From Debian 13, because Wine 8 (Debian 12) has not all that the
# .NET runtime reserves its memory by. A warm run does nothing.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here=$PWD/test/packages/roots
cache=$PWD/.cache/packages-wine
suite=trixie
key=$(cat "$here"/{wine.txt,build-wine.sh,in-wine.sh} | sha256sum | cut -c1-16)
[ "$(cat "$cache/key" 2>/dev/null)" = "$key" ] && exit 0
echo "Building a root of Debian $suite with Wine (once; it stays in ${cache#"$PWD/"})"
rm -rf "$cache"
mkdir -p "$cache"
root=$cache/root
# From the mirrors that this machine's apt is set up with.
# shellcheck disable=SC2016 # $(...) are apt's own fields
mapfile -t mirrors < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' \
  'Component: main' 'Origin: Debian' | sed -E "s/ (bookworm|trixie)/ $suite/" | grep " $suite" | sort -u \
  | sed 's/.*/deb & main/')
[ ${#mirrors[@]} -gt 0 ] || { echo "No Debian mirror is set up for apt on this machine." >&2; exit 1; }
include=$(sed -E 's/#.*//; s/[[:space:]]+//g; /^$/d' "$here/wine.txt" | paste -sd,)
# shellcheck disable=SC2016 # mmdebstrap gives its hook the tree as $1
mmdebstrap --quiet --variant=extract --architectures=amd64 --include="$include" \
  --aptopt='Acquire::Retries "3"' --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
  --setup-hook='for each in bin sbin lib lib64; do mkdir -p "$1/usr/$each"; ln -s "usr/$each" "$1/$each"; done' \
  "$suite" "$root" "${mirrors[@]}"
# What is for programs of 32 bits goes; nothing of ours is.
rm -rf "$root"/usr/lib/*/wine/i386-windows "$root"/usr/i686-w64-mingw32 "$root"/usr/share/doc
mkdir -p "$root"/{proc,work}
# The home of Windows; a library that Debian keeps elsewhere has to be in it before anything with a window starts.
mkdir -p "$root/windows/drive_c/windows/system32"
cp "$root/usr/x86_64-w64-mingw32/lib/zlib1.dll" "$root/windows/drive_c/windows/system32/"
mkdir "$cache/empty"
"$here/in-wine.sh" "$root" "$cache/empty" cmd.exe /c 'echo a home was made'
echo "$key" >"$cache/key"
du -sh "$root"
