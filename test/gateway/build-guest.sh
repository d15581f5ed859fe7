#!/usr/bin/env bash
# Makes .cache/gateway/{vmlinuz,guest.cpio.gz}: Debian's ARM64 kernel and an initramfs with busybox, the libraries that
# the agent needs, and the modules of the tests. A warm run does nothing; a changed package list, script or guest file
# makes it anew. Nothing foreign is added to this machine's own dpkg: the debs are only unpacked.
#
# Debian ships no module for gpio-sim, irq_sim and i2c-stub, so they are built here from Debian's kernel source.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/test/gateway
cache=$PWD/.cache/gateway
key=$(cat "$here/packages.txt" "$here/build-guest.sh" "$here"/guest/* | sha256sum | cut -c1-16)
[ "$(cat "$cache/key" 2>/dev/null)" = "$key" ] && exit 0
echo "Building the virtual gateway's guest (once; it stays in .cache/gateway)"
rm -rf "$cache"
work=$cache/work
mkdir -p "$work"/{apt/state/lists/partial,apt/cache/archives/partial,debs,root,kernel,headers,modules}
trap 'rm -rf "$work"' EXIT

# --- packages: an apt of its own, with the mirrors that this machine's apt is set up with
apt=$work/apt
touch "$apt/state/status"
# shellcheck disable=SC2016 # $(...) are apt's own fields
apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 'Component: main' \
  'Origin: Debian' | awk '$2 ~ /^bookworm/' | sort -u >"$apt/mirrors"
[ -s "$apt/mirrors" ] || { echo "No Debian bookworm mirror is set up for apt on this machine." >&2; exit 1; }
while read -r uri suite; do
  echo "deb [arch=arm64,amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
done <"$apt/mirrors" >"$apt/sources.list"
cat >"$apt/apt.conf" <<EOF
Dir::State "$apt/state"; Dir::State::status "$apt/state/status"; Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::sourceparts "-"; APT::Sandbox::User "root";
APT::Architecture "arm64"; APT::Architectures { "arm64"; "amd64"; }; Acquire::Languages "none"; Acquire::Retries "3";
EOF
export APT_CONFIG=$apt/apt.conf
apt-get -q=2 update
# The metapackages name the one kernel that belongs together: image, headers and source of the same build.
names() { sed -E 's/#.*//; s/[[:space:]]+//g' "$here/packages.txt" | grep : ; }
depends() { apt-cache depends "$1" | awk -v p="$2" '$1 == "Depends:" && $2 ~ p {print $2; exit}'; }
image=$(depends linux-image-arm64:arm64 '^linux-image-')
headers=$(depends linux-headers-arm64:arm64 '^linux-headers-')
release=${image#linux-image-}
release=${release%:arm64}
common=$(depends "${headers%:arm64}:arm64" '-common')
series=$(echo "$release" | grep -oE '^[0-9]+\.[0-9]+')
mapfile -t plain < <(names | grep -v '^linux-')
(cd "$work/debs" && apt-get -q=2 download "linux-image-$release:arm64" "linux-headers-$release:arm64" "$common" \
  "linux-kbuild-$series:amd64" "linux-source-$series" "${plain[@]}")
unset APT_CONFIG

# --- kernel and modules
for deb in "$work"/debs/linux-headers-* "$work"/debs/linux-kbuild-*; do dpkg-deb -x "$deb" "$work/headers"; done
dpkg-deb -x "$work"/debs/linux-image-*.deb "$work/kernel"
usr=$work/headers/usr
build=$usr/src/linux-headers-$release
# Debian's makefiles and links name /usr/src and /usr/lib: they are to mean the unpacked tree.
sed -i "s#/usr/src/#$usr/src/#g; s#/usr/lib/#$usr/lib/#g" "$build/Makefile" "$build/.kernelvariables"
wanted=(drivers/gpio/gpio-sim.c drivers/gpio/gpiolib.h drivers/gpio/gpiolib-swnode.h kernel/irq/irq_sim.c
  drivers/i2c/i2c-stub.c)
dpkg-deb --fsys-tarfile "$work"/debs/linux-source-*.deb | tar xOf - "./usr/src/linux-source-$series.tar.xz" \
  | xz -dc | tar xf - -C "$work/modules" --transform 's#.*/##' "${wanted[@]/#/linux-source-$series/}" 2>/dev/null \
  || [ -e "$work/modules/gpio-sim.c" ]
# irq_sim is built into kernels and never a module: it needs a licence and the exported way to raise an interrupt.
sed -i 's/handle_simple_irq(irq_to_desc(irqnum));/generic_handle_irq(irqnum);/' "$work/modules/irq_sim.c"
printf '\n#include <linux/module.h>\nMODULE_LICENSE("GPL");\n' >>"$work/modules/irq_sim.c"
# shellcheck disable=SC2016 # $(src) is make's
printf 'obj-m += irq_sim.o gpio-sim.o i2c-stub.o\nccflags-y += -I$(src)\n' >"$work/modules/Kbuild"
make -s -C "$build" M="$work/modules" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- CC=aarch64-linux-gnu-gcc-12 modules \
  >"$work/modules.log" 2>&1 || { tail -n 30 "$work/modules.log" >&2; exit 1; }

# --- initramfs
root=$work/root
mkdir -p "$root"/{bin,sbin,etc,proc,sys,dev,run,tmp,data,app,root,usr/bin,usr/sbin,usr/lib/modules/"$release"/kernel}
ln -s usr/lib "$root/lib"
for deb in "$work"/debs/lib*.deb; do dpkg-deb -x "$deb" "$work/libraries"; done
dpkg-deb --fsys-tarfile "$work"/debs/busybox-static_*.deb | tar xOf - ./bin/busybox >"$root/bin/busybox"
# busybox's own setpriv becomes nobody else.
dpkg-deb --fsys-tarfile "$work"/debs/util-linux_*.deb | tar xOf - ./usr/bin/setpriv >"$root/usr/bin/setpriv"
chmod 0755 "$root/bin/busybox" "$root/usr/bin/setpriv"
cp -a "$work"/libraries/lib/. "$root/usr/lib/"
[ -d "$work/libraries/usr/lib" ] && cp -a "$work"/libraries/usr/lib/. "$root/usr/lib/"
rm -rf "$root"/usr/lib/*/{gconv,audit,engines-3,perl-base}
target=$root/usr/lib/modules/$release
source=$work/kernel/lib/modules/$release
for module in virtio_pci virtio_pci_modern_dev virtio_pci_legacy_dev virtio virtio_ring virtio_console configfs \
  failover net_failover virtio_net i2c-dev lm75 regmap-i2c virtio_blk ext4 jbd2 mbcache crc16 crc32c_generic \
  libcrc32c loop fat vfat nls_cp437 nls_ascii nls_iso8859-1 nls_utf8; do
  find "$source/kernel" -name "$module.ko" -exec cp {} "$target/kernel/" \;
done
cp "$work"/modules/{irq_sim,gpio-sim,i2c-stub}.ko "$target/kernel/"
aarch64-linux-gnu-strip --strip-debug "$target"/kernel/*.ko
cp "$source"/modules.{order,builtin,builtin.modinfo} "$target/"
depmod -b "$root/usr" "$release"
install -m 0755 "$here/guest/init" "$root/init"
install -m 0755 "$here"/guest/{make-chip,phases,port,watch-line} "$root/usr/sbin/"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$cache/guest.cpio.gz"
cp "$work/kernel/boot/vmlinuz-$release" "$cache/vmlinuz"
echo "$release" >"$cache/release"
echo "$key" >"$cache/key"
ls -l "$cache"/{vmlinuz,guest.cpio.gz}
