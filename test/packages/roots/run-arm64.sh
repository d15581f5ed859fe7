#!/usr/bin/env bash
# Has the kernel start ARM64 programs by qemu-user, as Debian's qemu-user-static does where systemd runs. What is set up
# already stays as it is; what is set up here stays until the machine is switched off.
set -euo pipefail
table=/proc/sys/fs/binfmt_misc
[ -e "$table/register" ] || mount -t binfmt_misc binfmt_misc "$table"
[ -e "$table/qemu-aarch64" ] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >"$table/register"
