#!/usr/bin/env bash
# Unpacks Debian's arm64 libc and libssl into .cache/arm64-root, where qemu-user finds them. Nothing is installed on
# this machine, no foreign architecture is added to dpkg. Made once; a warm run does nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=.cache/arm64-root
[ -e "$root/.complete" ] && exit 0
rm -rf "$root" "$root.partial"
mkdir -p .cache
mmdebstrap --quiet --aptopt='Acquire::Retries "3"' --variant=extract --architectures=arm64 \
  --include=libc6,libssl3 bookworm "$root.partial"
# Absolute links would leave the root and find this machine's files.
find "$root.partial" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
  ln -sfnr "$root.partial$(readlink "$link")" "$link"
done
touch "$root.partial/.complete"
mv "$root.partial" "$root"
