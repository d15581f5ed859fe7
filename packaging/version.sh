#!/usr/bin/env bash
# Prints the version of everything that ships; it stands in Directory.Build.props and nowhere else.
set -euo pipefail
version=$(sed -n 's:.*<SluiceVersion>\([0-9][0-9A-Za-z.~+-]*\)</SluiceVersion>.*:\1:p' \
  "$(dirname "$0")/../Directory.Build.props")
[ -n "$version" ] || { echo "Directory.Build.props has no SluiceVersion." >&2; exit 1; }
echo "$version"
