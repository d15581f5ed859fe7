#!/usr/bin/env bash
# make-dist.sh OUT [KEY]: a release in the folder OUT, from the programs that `make dist` has built into out/<rid>:
# programs, their symbols apart, packages, the gateway's image, component lists, notices, checksums, and with KEY a
# signature of these and an update.
# The same commit gives the same bytes: no clock is read, and what has a time has that of the commit. A folder OUT that
# was there is replaced at the end, in one step.
set -euo pipefail
out=${1:?to where} key=${2:-}
cd "$(dirname "$0")/.."
release=packaging/sluice-release.sh
version=$(packaging/version.sh)
# A copy without its history says both by itself (packaging/compare-dist.sh).
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
commit=${SLUICE_COMMIT:-$(git describe --always --dirty --abbrev=12 --exclude '*')}
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
for tool in zstd openssl dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "make dist needs $tool; see packaging/packages.txt" >&2; exit 1; }
done
[ -z "$key" ] || packaging/sign.sh check "$key"

new=$out.new
rm -rf "$new"
mkdir -p "$new"
work=$(mktemp -d)
trap 'rm -rf "$work" "$new"' EXIT

# --- programs, and the symbols that a debugger wants: by these a crash on a gateway is read on a desk
for rid in linux-arm64 linux-x64; do
  for program in sluice-agent sluice-provision; do
    install -m 0755 "out/$rid/$program" "$new/$program-$version-$rid"
    zstd -q -12 --single-thread --no-progress "out/$rid/$program.dbg" -o "$new/$program-$version-$rid.dbg.zst"
    "$release" floor "out/$rid/$program" >/dev/null
  done
done
install -m 0755 out/win-x64/sluice-provision.exe "$new/sluice-provision-$version-win-x64.exe"

# --- what they are made of
components() {                       # PROGRAM PROJECT RID...: one list for all machines, or there is none to publish
  local program=$1 lines=out/$3/$1.components.txt rid
  for rid in "${@:3}"; do
    cmp -s "$lines" "out/$rid/$program.components.txt" \
      || { echo "$program for $3 and for $rid are made of different things." >&2; exit 1; }
  done
  "$release" components "$program" "$lines" "$2/packages.lock.json" "$packages" "$new/$program-$version.cdx.json" \
    "$commit" "$SOURCE_DATE_EPOCH"
}
components sluice-agent agent linux-arm64 linux-x64
components sluice-provision provisioning/tool linux-arm64 linux-x64 win-x64
"$release" notices "$version" "$packages" "$new/THIRD-PARTY-NOTICES.txt" out/linux-x64/*.components.txt
install -m 0644 LICENSE CHANGELOG.md "$new/"

# --- the container, of the program that lies beside it
sed -e "s|^# sluice-agent for gateways that run containers.*|# sluice-agent $version, for containers.|" \
  -e "s|^COPY \(.*\) out/linux-arm64/sluice-agent |COPY \1 sluice-agent-$version-linux-arm64 |" \
  Dockerfile.arm64 >"$new/Dockerfile.arm64"

# --- packages
"$release" manual "$work/manual" "$SOURCE_DATE_EPOCH"
for each in arm64:linux-arm64 amd64:linux-x64; do
  packaging/debian/make-deb.sh "${each%:*}" "out/${each#*:}/sluice-agent" "$work/manual" \
    "$new/THIRD-PARTY-NOTICES.txt" "$new"
done

# --- the gateway's image; who signs the release signs its updates, so only a signed one takes any, and has one
packaging/image/build-root.sh
if [ -n "$key" ]; then
  openssl pkey -in "$key" -pubout -out "$work/release.pub"
  export UPDATE_KEY=${UPDATE_KEY:-$work/release.pub}
fi
PARTS=$work/parts packaging/image/make-image.sh "$new/sluice-agent_${version}_arm64.deb" "$new"
# It says itself which Debian it is made of: of the same root.
"$release" image "$version" .cache/image-root/packages .cache/image-root/root/usr/lib/os-release \
  "$new/sluice-agent-$version.cdx.json" "$new/sluice-gateway_${version}_arm64.cdx.json" "$commit" "$SOURCE_DATE_EPOCH"
if [ -n "$key" ]; then
  options=$(cat packaging/image/overlay/usr/lib/sluice/image/options)
  packaging/image/make-update.sh "$new/sluice-gateway_${version}_arm64.update" "$key" generic-uefi arm64 "$version" \
    "$options" "$work"/parts/{vmlinuz,initrd,root.squashfs}
fi

# --- checksums, and whose they are
(cd "$new" && sha256sum -- *) >"$work/SHA256SUMS"
install -m 0644 "$work/SHA256SUMS" "$new/SHA256SUMS"
[ -z "$key" ] || packaging/sign.sh sign "$key" "$new/SHA256SUMS"
rm -rf "$out"
mv "$new" "$out"
(cd "$out" && stat -c '%s %n' -- * | awk '{ printf "  %9.3f MB  %s\n", $1 / 1e6, $2 }')
echo "$out: Sluice $version, commit $commit$([ -n "$key" ] && echo ", signed" || echo "; not signed, KEY=path signs")"
