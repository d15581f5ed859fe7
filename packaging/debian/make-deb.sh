#!/usr/bin/env bash
# make-deb.sh ARCH BINARY MANUAL NOTICES OUT makes OUT/sluice-agent_VERSION_ARCH.deb. ARCH: arm64 or amd64. MANUAL is
# the folder that sluice-release wrote the manual and the completion into, NOTICES the third-party notices.
# Everything in it has the time SOURCE_DATE_EPOCH and belongs to root, so the same input gives the same bytes. Why
# neither debhelper nor a source package: docs/adr/0033-the-debian-package.md.
set -euo pipefail
arch=${1:?arm64 or amd64} binary=${2:?the agent} manual=${3:?the manual} notices=${4:?the notices} out=${5:?to where}
: "${SOURCE_DATE_EPOCH:?the time that the package bears}"
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/packaging/debian
version=$("$root/packaging/version.sh")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 0755 "$tree"                                 # it becomes the root of the machine
doc=$tree/usr/share/doc/sluice-agent

install -D -m 0755 "$binary" "$tree/usr/bin/sluice-agent"
while read -r file place mode; do
  install -D -m "$mode" "$root/packaging/$file" "$tree$place"
done < <(grep -v '^#' "$root/packaging/files.txt")
for page in "$manual"/*.1; do
  install -D -m 0644 "$page" "$tree/usr/share/man/man1/${page##*/}"
done
install -D -m 0644 "$manual/sluice-agent.bash" "$tree/usr/share/bash-completion/completions/sluice-agent"
install -D -m 0644 "$here/lintian-overrides" "$tree/usr/share/lintian/overrides/sluice-agent"
install -D -m 0644 "$here/copyright" "$doc/copyright"
install -D -m 0644 "$notices" "$doc/THIRD-PARTY-NOTICES.txt"
install -D -m 0644 "$root/CHANGELOG.md" "$doc/NEWS.md"
install -D -m 0644 -t "$doc/examples" "$root"/docs/examples/*
{
  printf 'sluice-agent (%s) stable; urgency=medium\n\n' "$version"
  printf '  * What changed stands in NEWS.md.gz beside this file.\n\n'
  printf ' -- The makers of Sluice <packages@sluice.invalid>  %s\n' "$(date -R -d "@$SOURCE_DATE_EPOCH")"
} >"$doc/changelog"
gzip -9n "$doc/changelog" "$doc/NEWS.md" "$doc/THIRD-PARTY-NOTICES.txt" "$tree"/usr/share/man/man1/*

mkdir "$tree/DEBIAN"
install -m 0755 -t "$tree/DEBIAN" "$here"/{postinst,prerm,postrm}
(cd "$tree" && find etc -type f -printf '/%p\n' | sort) >"$tree/DEBIAN/conffiles"
(cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
# As dpkg-gencontrol counts: each file by whole KiB, and one for each folder.
size=$(find "$tree" -path "$tree/DEBIAN" -prune -o -printf '%y %s\n' \
  | awk '{ sum += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print sum }')
glibc=$("$root/packaging/sluice-release.sh" floor "$binary")
sed -e "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$size/; s/@GLIBC@/$glibc/" "$here/control" \
  >"$tree/DEBIAN/control"
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$out"
# One thread: with more the bytes depend on how many processors there are. A test that unpacks it at once packs it not.
dpkg-deb --root-owner-group "-Z${DEB_COMPRESSION:-xz}" --threads-max=1 --build "$tree" \
  "$out/sluice-agent_${version}_$arch.deb" >/dev/null
