#!/usr/bin/env bash
# make-image.sh PACKAGE OUT makes OUT/sluice-gateway_VERSION_arm64.img.zst, .img.bmap and .copyright.tar.zst from the
# agent's package and the root that build-root.sh has unpacked. UPDATE_KEY names a public key (PEM, Ed25519), or a
# folder of them, that updates are verified with; without one the image takes no updates. BOARD names a folder of
# boards/. No mount, no loop device, nothing of ARM64 runs. The same input gives the same bytes: all times are
# SOURCE_DATE_EPOCH, and what is a random number elsewhere comes from the name of the image. Why: docs/adr/0037.
set -euo pipefail
package=${1:?the package} out=${2:?to where}
: "${SOURCE_DATE_EPOCH:?the time that the image bears}"
package=$(realpath "$package")
mkdir -p "$out"
out=$(realpath "$out")
cd "$(dirname "$0")/../.."
here=$PWD/packaging/image
cache=$PWD/.cache/image-root
board=$here/boards/${BOARD:-generic-uefi}
[ -d "$board" ] || { echo "boards/${BOARD:-} is no board." >&2; exit 1; }
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC PATH=$PATH:/usr/sbin:/sbin
for tool in mksquashfs sgdisk mkfs.vfat mcopy mke2fs cpio depmod zstd systemd-sysusers; do
  command -v $tool >/dev/null || { echo "The image needs $tool; see packaging/packages.txt." >&2; exit 1; }
done
umask 022
shopt -s extglob                     # in left-out.txt: all but
version=$(packaging/version.sh)
name=sluice-gateway_${version}_arm64
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/root
id() {                               # a number that is always the same for this part of this image, as a UUID
  echo "$name $1" | sha256sum | sed -E 's/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/\1-\2-4\3-8\4-\5/'
}

# --- the root: Debian, the package, what only the image has; without what nobody on a gateway needs
mkdir "$tree"
cp -a "$cache/root/." "$tree/"
dpkg-deb -x "$package" "$tree"
release=$(basename "$tree"/usr/lib/modules/*)
modules=$tree/usr/lib/modules/$release
while read -r each; do
  # shellcheck disable=SC2086 # patterns
  (cd "$tree" && rm -rf -- $each)
done < <(grep -v '^#' "$here/left-out.txt")
mkdir -p "$tree"/{data,efi,run,proc,sys,dev,tmp,var,etc/sluice}
cp -a --no-preserve=ownership "$here/overlay/." "$tree/"
# Whose each package is and under which terms goes along, or the image may not be passed on.
while read -r package _; do
  [ -s "$tree/usr/share/doc/$package/copyright" ] || { echo "$package comes without its copyright file." >&2; exit 1; }
done < <(cat "$cache/packages"; echo sluice-agent)
# What the services of network and time read is made of the card's files, by a user of its own.
ln -s /var/lib/sluice-card/network "$tree/etc/systemd/network"
ln -s /var/lib/sluice-card/time "$tree/etc/systemd/timesyncd.conf.d"
install -D -m 0644 "$cache/packages" "$tree/usr/lib/sluice/image/packages"
depmod -b "$tree" "$release"

for each in passwd group; do cp "$tree/usr/share/base-passwd/$each.master" "$tree/etc/$each"; done
sed -i 's|^\(root:.*\):/bin/bash$|\1:/usr/sbin/nologin|; s|:/bin/sync$|:/usr/sbin/nologin|' "$tree/etc/passwd"
systemd-sysusers --root="$tree" 2>/dev/null
find "$tree" -type f -perm /6000 -exec chmod a-s {} + # nobody becomes somebody else by a file
rm -f "$tree"/etc/{passwd-,group-,shadow-,gshadow-,.pwd.lock}
: >"$tree/etc/machine-id"            # places to mount over: who this machine is, it finds out itself
: >"$tree/etc/hostname"
rm -f "$tree/etc/resolv.conf"
printf '127.0.0.1 localhost\n' >"$tree/etc/hosts"
: >"$tree/etc/fstab"
{
  sed -E '/^(IMAGE_|VARIANT|VERSION_ID)/d' "$tree/usr/lib/os-release"
  printf 'IMAGE_ID=sluice-gateway\nIMAGE_VERSION=%s\nVARIANT_ID=%s\n' "$version" "$(basename "$board")"
} >"$work/os-release"
install -m 0644 "$work/os-release" "$tree/usr/lib/os-release"
ln -sf ../usr/lib/os-release "$tree/etc/os-release"
mkdir -p "$tree/usr/lib/sluice/update-keys"
if [ -n "${UPDATE_KEY:-}" ]; then
  for each in "$UPDATE_KEY" "$UPDATE_KEY"/*; do
    [ -f "$each" ] || continue
    openssl pkey -pubin -in "$each" -noout -text 2>/dev/null | grep -q '^ED25519 Public-Key' \
      || { echo "$each is no public Ed25519 key." >&2; exit 1; }
    install -m 0644 "$each" "$tree/usr/lib/sluice/update-keys/$(basename "${each%.*}").pub"
  done
else
  echo "No UPDATE_KEY is given: this image takes no updates."
fi
# An update is found good by sluice-update-trial.service, never because a start came to its end.
mkdir -p "$tree/etc/systemd/system"
ln -s /dev/null "$tree/etc/systemd/system/systemd-bless-boot.service"
# Who enables what: the units' own [Install], and the image's presets.
systemctl --root="$tree" preset-all --preset-mode=enable-only >/dev/null 2>&1
options=$(cat "$tree/usr/lib/sluice/image/options")

# --- the initrd: busybox and the drivers in front of the disk
initrd=$work/initrd.d
mkdir -p "$initrd"/{bin,dev,proc,sys,root,etc,usr/lib/modules}
ln -s usr/lib "$initrd/lib"
cp "$tree/usr/bin/busybox" "$initrd/bin/"
grep -v '^#' "$board/modules" >"$initrd/etc/modules"
grep -v '^#' "$board/initrd-modules" | while read -r each; do
  case $each in
    */*) find "$modules/$each" -name '*.ko*' -printf '%f\n' | sed 's/\.ko.*//' ;;
    *) echo "$each" ;;
  esac
done | while read -r each; do
  modprobe -d "$tree" -S "$release" --show-depends "$each" || { echo "no driver $each" >&2; exit 1; }
done | awk '$1 == "insmod" { print $2 }' | sort -u | while read -r file; do
  to=$initrd/${file#"$tree"/}
  mkdir -p "$(dirname "$to")"
  cp "$file" "$to"
done
cp "$modules"/modules.{order,builtin,builtin.modinfo} "$initrd/usr/lib/modules/$release/"
find "$initrd" -name '*.xz' -exec xz -d {} +
depmod -b "$initrd" "$release"
install -m 0755 "$here/init" "$initrd/init"
find "$initrd" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
(cd "$initrd" && find . -print0 | sort -z | cpio --quiet -0 -o -H newc -R 0:0 --reproducible) \
  | zstd -q -19 --single-thread >"$work/initrd"

find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mksquashfs "$tree" "$work/root.squashfs" -quiet -no-progress -comp zstd -Xcompression-level 15 -b 256K \
  -noappend -no-xattrs -no-exports -processors "$(nproc)" >/dev/null
# The same for people, who have no way to log in and look.
tar -C "$tree" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner -c usr/share/doc usr/share/common-licenses \
  | zstd -q -f -19 --single-thread -o "$out/$name.copyright.tar.zst"

# --- the partitions
fat() {                              # FILE SIZE_MB BITS LABEL PART: an empty FAT whose bytes depend on nothing else
  truncate -s "$2M" "$1"
  mkfs.vfat --invariant -F "$3" -n "$4" -i "$(id "$5" | cut -c1-8)" "$1" >/dev/null
}
put() {                              # IMAGE FILE PLACE
  touch -d "@$SOURCE_DATE_EPOCH" "$2"
  mcopy -m -i "$1" "$2" "::$3"
}

folder() {                   # IMAGE FOLDER: mmd asks the clock, so an empty folder with the right time is copied
  local made=$work/folders/${2//\//-}/${2##*/}
  mkdir -p "$made"
  touch -d "@$SOURCE_DATE_EPOCH" "$made"
  mcopy -m -s -i "$1" "$made" "::$(dirname "/$2")"
}
esp=$work/esp card=$work/card
fat "$esp" 128 32 SLUICE-ESP esp
for each in EFI EFI/BOOT loader loader/entries sluice sluice/a sluice/b; do folder "$esp" $each; done
put "$esp" "$tree/usr/lib/systemd/boot/efi/systemd-bootaa64.efi" /EFI/BOOT/BOOTAA64.EFI
printf 'timeout 0\neditor no\n' >"$work/loader.conf"
put "$esp" "$work/loader.conf" /loader/loader.conf
cat >"$work/sluice-a.conf" <<END
title Sluice $version
sort-key sluice
version $version
linux /sluice/a/vmlinuz
initrd /sluice/a/initrd
options sluice.slot=a $options
END
put "$esp" "$work/sluice-a.conf" /loader/entries/sluice-a.conf
cp "$cache/vmlinuz" "$work/vmlinuz"
put "$esp" "$work/vmlinuz" /sluice/a/vmlinuz
put "$esp" "$work/initrd" /sluice/a/initrd
fat "$card" 64 16 SLUICE card
folder "$card" sluice
sed "s/@VERSION@/$version/; s/\$/\r/" "$here/card/README.txt" >"$work/README.txt"
put "$card" "$work/README.txt" /README.txt
export E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH
truncate -s 64M "$work/data"
mke2fs -q -F -t ext4 -b 4096 -I 256 -L sluice-data -U "$(id data)" \
  -E "hash_seed=$(id data-hash),root_owner=0:0,lazy_itable_init=0" \
  -e remount-ro "$work/data"

# --- the disk
disk=$work/$name.img
truncate -s $((1 + 128 + 64 + 512 + 512 + 64 + 1))M "$disk"
at=1
parts=()
place() {                            # NUMBER NAME SIZE_MB TYPE FILE MAPPED_MB
  parts+=(-n "$1:$((at * 2048)):+$3M" -t "$1:$4" -c "$1:$2" -u "$1:$(id "$2")")
  [ -z "$5" ] || dd if="$5" of="$disk" bs=1M seek=$at conv=notrunc,sparse status=none
  ranges+=("$at $6")
  at=$((at + $3))
}
megabytes() { echo $((($(stat -c %s "$1") + 1048575) / 1048576)); }
# How far into a partition there is anything: what lies behind it need not be written, whatever was on the medium
# before.
used() { cmp -l "$1" /dev/zero 2>/dev/null | tail -n 1 | awk '{ print int(($1 + 1048575) / 1048576) }'; }
ranges=("0 1")
[ "$(megabytes "$work/root.squashfs")" -le 512 ] || { echo "The root is larger than its partition." >&2; exit 1; }
place 1 sluice-esp 128 EF00 "$esp" "$(used "$esp")"
place 2 sluice-card 64 0700 "$card" "$(used "$card")"
place 3 sluice-root-a 512 8305 "$work/root.squashfs" "$(megabytes "$work/root.squashfs")"
place 4 sluice-root-b 512 8305 "" 1
place 5 sluice-data 64 8300 "$work/data" 64
ranges+=("$at 1")
sgdisk -a 2048 -U "$(id disk)" "${parts[@]}" "$disk" >/dev/null
"$here/make-bmap.sh" "$disk" "${ranges[@]}" >"$out/$name.img.bmap"
zstd -q -f -10 --single-thread "$disk" -o "$out/$name.img.zst"
[ -z "${KEEP_RAW:-}" ] || cp --sparse=always "$disk" "$out/$name.img"
if [ -n "${PARTS:-}" ]; then install -D -m 0644 -t "$PARTS" "$work"/{vmlinuz,initrd,root.squashfs}; fi
stat -c '%s %n' "$work/root.squashfs" "$work/initrd" "$out/$name".{copyright.tar,img}.zst \
  | awk '{ n = split($2, p, "/"); printf "  %9.3f MB  %s\n", $1 / 1e6, p[n] }'
