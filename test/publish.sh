#!/usr/bin/env bash
# out/<rid>/sluice-agent or sluice-provision: one NativeAOT file. Fails on any trim or AOT warning that is not LiteDB's.
# For Windows, which NativeAOT cannot be made for on Linux: sluice-provision as one file with its runtime in it.
# usage: test/publish.sh linux-arm64|linux-x64|win-x64 [sluice-provision]
set -euo pipefail
cd "$(dirname "$0")/.."
rid=${1:?a runtime identifier: linux-arm64 or linux-x64}
program=${2:-sluice-agent}
case $program in
  sluice-agent) project=agent ;;
  sluice-provision) project=provisioning/tool ;;
  *) echo "$program is not published; sluice-agent and sluice-provision are." >&2; exit 64 ;;
esac
case $rid in
  linux-x64 | linux-arm64) ;;
  win-x64)
    [ "$program" = sluice-provision ] || { echo "$program runs on Linux only." >&2; exit 64; }
    lock=$project/packages.lock.json kept=$(mktemp)              # it names what NativeAOT needs, and stays
    cp -p "$lock" "$kept"                            # with its time, or all that depends on it is built anew
    trap 'cat "$kept" >"$lock"; touch -r "$kept" "$lock"; rm "$kept"' EXIT
    dotnet publish "$project" -c Release -r win-x64 -o "out/publish/$program-win-x64" -nologo -v q \
      -p:PublishAot=false -p:PublishSingleFile=true --self-contained \
      -p:RestoreLockedMode=false
    mkdir -p out/win-x64
    cp "$project/obj/Release/net10.0/win-x64/components.txt" "out/win-x64/$program.components.txt"
    cp "out/publish/$program-win-x64/$program.exe" out/win-x64/
    stat -c '%n %s bytes' "out/win-x64/$program.exe"
    exit ;;
  *) echo "RID=$rid is not built here; linux-arm64, linux-x64 and win-x64 are." >&2; exit 64 ;;
esac
need=(clang)
[ "$rid" = linux-arm64 ] && [ "$(uname -m)" != aarch64 ] && need+=(aarch64-linux-gnu-gcc llvm-objcopy)
for tool in "${need[@]}"; do
  command -v "$tool" >/dev/null || { echo "publish needs $tool; see test/field/packages.txt" >&2; exit 1; }
done

staging=out/publish/$program-$rid log=out/publish/$program-$rid.log
rm -rf "$staging" "$project/obj/Release/net10.0/$rid/native"     # an ILC run that is skipped says no warning
mkdir -p "$staging" "out/$rid"
echo "Publishing $program for $rid (NativeAOT)"
if ! dotnet publish "$project" -c Release -r "$rid" -o "$staging" -nologo -v m >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
# LiteDB's typed mapper, which Sluice never calls, is the one thing let through (docs/adr/0007).
if grep -E 'warning (IL[0-9]+|AOT|TRIM)' "$log" | grep -vE 'warning IL(2104|3053):.*LiteDB'; then
  echo "The lines above are trim or AOT warnings; only IL2104 and IL3053 of LiteDB are let through." >&2
  rm -f "out/$rid/$program"
  exit 1
fi
# Beside it what a release wants to have as well: the symbols, and the list of what went in.
cp "$project/bin/Release/net10.0/$rid/native/$program.dbg" "out/$rid/"
cp "$project/obj/Release/net10.0/$rid/components.txt" "out/$rid/$program.components.txt"
cp "$staging/$program" "out/$rid/$program.new"
mv "out/$rid/$program.new" "out/$rid/$program"
stat -c '%n %s bytes' "out/$rid/$program"
