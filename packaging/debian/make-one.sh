#!/usr/bin/env bash
# make-one.sh ARCH RID OUT: the package of what is built in out/RID, by itself and not packed small, for a machine in a
# test. Prints its name. A release makes its own (make-dist.sh).
set -euo pipefail
arch=${1:?arm64 or amd64} rid=${2:?linux-arm64 or linux-x64} out=${3:?to where}
cd "$(dirname "$0")/../.."
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH DEB_COMPRESSION=none
version=$(packaging/version.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packaging/sluice-release.sh manual "$work/manual" "$SOURCE_DATE_EPOCH"
packaging/sluice-release.sh notices "$version" "${NUGET_PACKAGES:-$HOME/.nuget/packages}" "$work/notices" \
  "out/$rid/sluice-agent.components.txt"
packaging/debian/make-deb.sh "$arch" "out/$rid/sluice-agent" "$work/manual" "$work/notices" "$out"
echo "$out/sluice-agent_${version}_$arch.deb"
