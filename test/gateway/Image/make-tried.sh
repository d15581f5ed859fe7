#!/usr/bin/env bash
# make-tried.sh OUT PORT makes of the image as it is released, with a key that is made here: OUT/base.squashfs, the same
# root that trusts this key; OUT/good.update, a newer version of it; OUT/bad.update, one whose agent cannot reach the
# broker at 10.0.2.2, TCP port PORT, and which is given 90 seconds instead of ten minutes to show that it can.
set -euo pipefail
out=$(realpath "${1:?to where}") port=${2:?the port of the broker}
cd "$(dirname "$0")/../../.."
image=$(realpath out/image/sluice-gateway_*_arm64.img.zst)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH=$PATH:/usr/sbin:/sbin
zstd -q -d --sparse "$image" -o "$work/disk"
mcopy -n -i "$work/disk@@1M" ::/sluice/a/vmlinuz ::/sluice/a/initrd "$work/"
dd if="$work/disk" of="$work/released" bs=1M skip=193 count=512 status=none
rm "$work/disk"
unsquashfs -q -n -d "$work/root" "$work/released" >/dev/null
options=$(cat "$work/root/usr/lib/sluice/image/options")

openssl genpkey -algorithm ed25519 -out "$out/key.pem"
openssl pkey -in "$out/key.pem" -pubout -out "$work/root/usr/lib/sluice/update-keys/tried.pub"
pack() { mksquashfs "$work/root" "$1" -quiet -no-progress -comp zstd -Xcompression-level 3 -noappend >/dev/null; }
update() {                           # NAME VERSION
  sed -i "s/^IMAGE_VERSION=.*/IMAGE_VERSION=$2/" "$work/root/usr/lib/os-release"
  pack "$work/$1"
  packaging/image/make-update.sh "$out/$1.update" "$out/key.pem" generic-uefi arm64 "$2" "$options" \
    "$work/vmlinuz" "$work/initrd" "$work/$1"
}
pack "$out/base.squashfs"
update good 99.0.1

system=$work/root/etc/systemd/system
mkdir -p "$system/sluice-firewall.service.d" "$system/sluice-update-trial.service.d"
cat >"$work/root/usr/lib/sluice/broken.nft" <<END
table ip broken {
  chain out {
    type filter hook output priority -10;
    ip daddr 10.0.2.2 tcp dport $port reject
  }
}
END
printf '[Service]\nExecStartPost=+/usr/sbin/nft -f /usr/lib/sluice/broken.nft\n' \
  >"$system/sluice-firewall.service.d/90-broken.conf"
printf '[Service]\nExecStart=\nExecStart=/usr/bin/sluice-agent update confirm --within 90\n' \
  >"$system/sluice-update-trial.service.d/90-sooner.conf"
update bad 99.0.2
