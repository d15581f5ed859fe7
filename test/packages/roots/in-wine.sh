#!/usr/bin/env bash
# in-wine.sh ROOT FOLDER PROGRAM ARGUMENTS...: runs a program for Windows by the Wine in ROOT (build-wine.sh), in the
# folder FOLDER, which is Z:\work in there. No network and no display; all of its processes end with it.
set -euo pipefail
root=${1:?the root} folder=${2:?the folder}
shift 2
# shellcheck disable=SC2016 # the inner shell's own arguments
exec unshare --mount --net --pid --fork --kill-child "--mount-proc=$root/proc" /bin/sh -c '
  root=$1 folder=$2 && shift 2 && mount --bind /dev "$root/dev" && mount --bind "$folder" "$root/work" &&
  exec chroot "$root" /usr/bin/env -i --chdir=/work HOME=/tmp PATH=/usr/bin XDG_RUNTIME_DIR=/tmp \
    WINEPREFIX=/windows WINESERVER=/usr/lib/wine/wineserver64 WINEDEBUG=-all \
    "WINEDLLOVERRIDES=mscoree,mshtml,winebth.sys=" /usr/lib/wine/wine64 "$@"
' sh "$root" "$folder" "$@"
