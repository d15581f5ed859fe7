#!/usr/bin/env bash
# compare-dist.sh: makes the release once more, from a copy of the sources in another folder that nothing was built in
# yet, and holds it against out/dist. The same bytes, or the files that differ are named and it fails.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -r out/dist/SHA256SUMS ] || { echo "There is no out/dist to compare with: make dist." >&2; exit 1; }
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
SLUICE_COMMIT=${SLUICE_COMMIT:-$(git describe --always --dirty --abbrev=12 --exclude '*')}
export SOURCE_DATE_EPOCH SLUICE_COMMIT
copy=$(mktemp -d -t sluice-second-XXXXXX)
trap 'rm -rf "$copy"' EXIT
git ls-files -co --exclude-standard -z | xargs -0 cp --parents -pt "$copy"
make -C "$copy" dist
if ! diff out/dist/SHA256SUMS "$copy/out/dist/SHA256SUMS"; then
  echo "out/dist (<) and a second one (>) differ in the files above." >&2
  mkdir -p out/dist-second
  cp "$copy"/out/dist/* out/dist-second/
  exit 1
fi
echo "A second dist is the same in all $(wc -l <out/dist/SHA256SUMS) files."
