#!/usr/bin/env bash
# build.sh OUT: the image of what is built in out/linux-arm64, by itself, for `make image` and for tests. A release
# makes it of its own package (make-dist.sh).
set -euo pipefail
out=${1:?to where}
cd "$(dirname "$0")/../.."
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
packaging/image/build-root.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
package=$(packaging/debian/make-one.sh arm64 linux-arm64 "$work")
packaging/image/make-image.sh "$package" "$out"
