#!/usr/bin/env bash
# list-packages.sh FOLDER prints what dpkg-deb says of each package in it, a line each: name, version, architecture,
# SHA-256 of the file, and what it was built of as SOURCE=VERSION: its own source package, then those that were linked
# into it. It lies in the image, and the image's component list is made of it.
set -euo pipefail
cd "${1:?a folder of packages}"
export LC_ALL=C
for each in *.deb; do
  hash=$(sha256sum <"$each" | cut -d' ' -f1)
  # shellcheck disable=SC2016 # ${...} are dpkg's own fields
  dpkg-deb --show --showformat '${Package} ${Version} ${Architecture} '"$hash"' ${source:Package}=${source:Version}, '\
'${Built-Using}, ${Static-Built-Using}\n' "$each" | sed -E 's/ \(= ?([^)]*)\)/=\1/g; s/,//g; s/ +/ /g; s/ $//'
done | sort
