#!/usr/bin/env bash
# make-disk.sh SUITE makes out/gateway/SUITE.ext4: the system guest's tree with the agent's package in it, and with what
# only a test has: a command port that is root's, and addresses. The package is unpacked and its scripts do not run, for
# nothing of ARM64 runs here; what they make (user, folders) systemd makes at boot, by the package's own lists.
set -euo pipefail
suite=${1:?bookworm or trixie}
cd "$(dirname "$0")/../../.."
tree=out/gateway/$suite
rm -rf "$tree" "$tree.ext4"
mkdir -p "$tree"
cp -a ".cache/system-$suite/root/." "$tree/"
cp -a --no-preserve=ownership test/gateway/system/overlay/. "$tree/"
package=$(packaging/debian/make-one.sh arm64 linux-arm64 "out/gateway/package-$suite")
dpkg-deb -x "$package" "$tree"
install -D -m 0644 "$package" "$tree/usr/lib/sluice-test/sluice-agent.deb" # for a test that upgrades
install -D -m 0755 out/gateway/sluice-probe "$tree/usr/lib/sluice-test/sluice-probe"
install -D -m 0644 test/gateway/guest/port "$tree/usr/lib/sluice-test/port"
install -D -m 0644 test/gateway/guest/sluice-test-port.service -t "$tree/etc/systemd/system"
wanted=$tree/etc/systemd/system/multi-user.target.wants
mkdir -p "$wanted"
ln -s ../sluice-test-port.service /usr/lib/systemd/system/systemd-networkd.service "$wanted/"
mke2fs -q -F -t ext4 -E root_owner=0:0 -d "$tree" "$tree.ext4" 640M
rm -rf "$tree"
