#!/usr/bin/env bash
# out/gateway/initrd: the guest, with the ARM64 programs of the tests in its /app.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=out/gateway
rm -rf "$out/root" "$out/figures.txt"
mkdir -p "$out/root/app"
cp "$out/sluice-probe" out/linux-arm64/sluice-agent "$out/root/app/"
(cd "$out/root" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$out/app.cpio.gz"
cat .cache/gateway/guest.cpio.gz "$out/app.cpio.gz" >"$out/initrd"
