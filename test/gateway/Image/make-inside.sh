#!/usr/bin/env bash
# make-inside.sh OUT makes a second initrd that a test has the loader load behind the image's own: it lays a command
# port over the root, which stays as it was flashed, byte for byte.
set -euo pipefail
out=${1:?to where}
cd "$(dirname "$0")/../../.."
here=test/gateway/guest
root=.cache/image-root/root
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
units=$work/inside/usr/lib/systemd/system
mkdir -p "$units/multi-user.target.wants" "$work/inside/usr/lib/sluice-test"
install -m 0644 "$here/port" "$work/inside/usr/lib/sluice-test/port"
install -m 0644 "$here/sluice-test-port.service" "$units/"
ln -s ../sluice-test-port.service "$units/multi-user.target.wants/"
xz -dc "$root"/usr/lib/modules/*/kernel/fs/overlayfs/overlay.ko.xz >"$work/overlay.ko"
# The image's own first step, with one step more before it hands over. Without that line there is nothing to test.
grep -q '^for each in dev proc sys' packaging/image/init
# shellcheck disable=SC2016 # for sed
sed '/^for each in dev proc sys/i\
insmod /overlay.ko\
mkdir /own /below\
mount -t tmpfs tmpfs /own\
cp -a /inside/. /own/\
mount -o move /root /below\
mount -t overlay -o ro,lowerdir=/own:/below overlay /root' packaging/image/init >"$work/init"
chmod 0755 "$work/init"
(cd "$work" && find . | cpio --quiet -o -H newc -R 0:0) >"$out"
