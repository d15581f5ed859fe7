#!/usr/bin/env bash
# out/<rid>/sluice-agent: one NativeAOT file. Fails on any trim or AOT warning that is not LiteDB's own.
# usage: test/publish-agent.sh linux-arm64|linux-x64
set -euo pipefail
cd "$(dirname "$0")/.."
rid=${1:?a runtime identifier: linux-arm64 or linux-x64}
case $rid in
  linux-x64 | linux-arm64) ;;
  *) echo "RID=$rid is not built here; linux-arm64 and linux-x64 are." >&2; exit 64 ;;
esac
need=(clang)
[ "$rid" = linux-arm64 ] && [ "$(uname -m)" != aarch64 ] && need+=(aarch64-linux-gnu-gcc llvm-objcopy)
for tool in "${need[@]}"; do
  command -v "$tool" >/dev/null || { echo "publish needs $tool; see test/field/packages.txt" >&2; exit 1; }
done

staging=out/publish/$rid log=out/publish/$rid.log
rm -rf "$staging" "agent/obj/Release/net10.0/$rid/native"     # an ILC run that is skipped says no warning
mkdir -p "$staging" "out/$rid"
echo "Publishing sluice-agent for $rid (NativeAOT)"
if ! dotnet publish agent -c Release -r "$rid" -o "$staging" -nologo -v m >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
# LiteDB's typed mapper, which Sluice never calls, is the one thing let through (docs/adr/0007).
if grep -E 'warning (IL[0-9]+|AOT|TRIM)' "$log" | grep -vE 'warning IL(2104|3053):.*LiteDB'; then
  echo "The lines above are trim or AOT warnings; only IL2104 and IL3053 of LiteDB are let through." >&2
  rm -f "out/$rid/sluice-agent"
  exit 1
fi
cp "$staging/sluice-agent" "out/$rid/sluice-agent.new"
mv "out/$rid/sluice-agent.new" "out/$rid/sluice-agent"
stat -c '%n %s bytes' "out/$rid/sluice-agent"
