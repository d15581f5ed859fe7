#!/usr/bin/env bash
# build-root.sh SUITE makes .cache/system-SUITE/{vmlinuz,initrd,root}: Debian for ARM64 with its own kernel, systemd and
# nftables, as a tree. SUITE: trixie is Debian 13, bookworm 12.
# Packages are unpacked and none is configured: no program of the guest runs here, so nothing is emulated. What their
# scripts would have made (the first users) is made below; systemd makes the rest at boot. A warm run does nothing.
set -euo pipefail
suite=${1:?bookworm or trixie}
cd "$(dirname "$0")/../../.."
here=$PWD/test/gateway/system
cache=$PWD/.cache/system-$suite
key=$(cat "$here/packages.txt" "$here/build-root.sh" "$here/init" | sha256sum | cut -c1-16)
[ "$(cat "$cache/key" 2>/dev/null)" = "$key" ] && exit 0
echo "Building the system guest, Debian $suite for ARM64 (once; it stays in ${cache#"$PWD/"})"
rm -rf "$cache"
mkdir -p "$cache"
root=$cache/root
initrd=$cache/initrd.d
trap 'rm -rf "$initrd"' EXIT

# --- packages, from the mirrors that this machine's apt is set up with
# shellcheck disable=SC2016 # $(...) are apt's own fields
mapfile -t mirrors < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' \
  'Component: main' 'Origin: Debian' | sed -E "s/ (bookworm|trixie)/ $suite/" | grep " $suite" | sort -u \
  | sed 's/.*/deb & main/')
[ ${#mirrors[@]} -gt 0 ] || { echo "No Debian mirror is set up for apt on this machine." >&2; exit 1; }
include=$(sed -E 's/#.*//; s/[[:space:]]+//g; /^$/d' "$here/packages.txt" | paste -sd,)
[ "$suite" = bookworm ] && include=${include/libssl3t64/libssl3}
# Both keep everything under /usr; the links of old have to stand before anything is unpacked.
# shellcheck disable=SC2016 # mmdebstrap gives its hook the tree as $1
mmdebstrap --quiet --variant=extract --architectures=arm64 --include="$include" \
  --aptopt='Acquire::Retries "3"' --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
  --setup-hook='for each in bin sbin lib; do mkdir -p "$1/usr/$each"; ln -s "usr/$each" "$1/$each"; done' \
  "$suite" "$root" "${mirrors[@]}"

# --- kernel, with the drivers that a gateway may have; the others only take room
release=$(basename "$root"/usr/lib/modules/*)
mv "$root/boot/vmlinuz-$release" "$cache/vmlinuz"
rm -rf "$root"/boot/* "$root"/usr/share/{doc,man,locale,info} "$root"/var/{cache,lib}/apt \
  "$root/usr/lib/modules/$release/kernel"/{sound,drivers/{gpu,media,infiniband,ata,nvme,net/wireless,net/ethernet}}
find "$root/usr/lib/modules/$release/kernel/drivers/scsi" -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +
depmod -b "$root" "$release"

# --- what packages make when they are configured, and mmdebstrap has left of this machine
for each in passwd group; do cp "$root/usr/share/base-passwd/$each.master" "$root/etc/$each"; done
chmod 0755 "$root"
echo gateway >"$root/etc/hostname"
printf '127.0.0.1 localhost gateway\n' >"$root/etc/hosts"
: >"$root/etc/fstab"
: >"$root/etc/machine-id"            # systemd makes a new one at each first boot
ln -sf /dev/null "$root/etc/systemd/system/systemd-hwdb-update.service" # ten seconds, for names of mice
rm -f "$root/etc/resolv.conf"

# --- initrd: the modules in front of the disk, and busybox
mkdir -p "$initrd"/{bin,dev,proc,disk,usr/lib/modules}
ln -s usr/lib "$initrd/lib"
cp "$root/usr/bin/busybox" "$initrd/bin/"
for module in virtio_pci virtio_blk crc32c_generic ext4; do
  modprobe -d "$root" -S "$release" --show-depends "$module"
done | awk '$1 == "insmod" {print $2}' | sort -u | while read -r file; do
    to=$initrd/${file#"$root"/}
    mkdir -p "$(dirname "$to")"
    cp "$file" "$to"
  done
cp "$root/usr/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} "$initrd/usr/lib/modules/$release/"
find "$initrd" -name '*.xz' -exec xz -d {} +
depmod -b "$initrd" "$release"
install -m 0755 "$here/init" "$initrd/init"
(cd "$initrd" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$cache/initrd"
echo "$key" >"$cache/key"
du -sh "$root" "$cache"/{vmlinuz,initrd}
