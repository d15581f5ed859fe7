#!/bin/sh
# run-in-image.sh ROOT USER CONFIG STATE RUN PROGRAM [ARGUMENT]...: as `docker run --read-only` with the three mounts
# that Dockerfile.arm64 names does it, where there is no container engine: the image's root, read-only, as its user.
# The environment is the image's, given by whoever calls.
set -eu

# The kernel has to know who runs a program for ARM64. The package qemu-user-static tells it, where something of its
# installation runs that does; a machine without an init has to be told here, once.
binfmt=/proc/sys/fs/binfmt_misc
[ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt
[ -e $binfmt/qemu-aarch64 ] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >$binfmt/register

[ "${1:-}" = inside ] || exec unshare --mount --propagation private -- "$0" inside "$@"
root=$2 user=$3 config=$4 state=$5 run=$6
shift 6
for each in proc dev etc/sluice var/lib/sluice run/sluice; do mkdir -p "$root/$each"; done
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind "$config" "$root/etc/sluice"
mount -o remount,bind,ro "$root/etc/sluice"
mount --bind "$state" "$root/var/lib/sluice"
mount --bind "$run" "$root/run/sluice"
exec chroot --userspec="$user" "$root" "$@"
