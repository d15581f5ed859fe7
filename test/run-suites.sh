#!/usr/bin/env bash
# Builds and runs test programs and adds up their counts: test/run-suites.sh fast field
# Last line: `N passed, N failed`; the same two numbers go to out/tests/counts for .ci/run. A program that does not
# build counts as one failed. Before the count stands once more what failed, because a long log is read from its end.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
configuration=${CONFIGURATION:-Debug}
results=out/tests
mkdir -p "$results"
rm -f "$results"/*counts
passed=0 failed=0 ill=()

# The time after which a suite is hung and not slow. The budget itself stands in CONTRIBUTING.md.
limit() {
  case $1 in
    fast) echo 5m ;;
    day) echo $((${SLUICE_DAY_MINUTES:-3} + 5))m ;;
    *) echo 20m ;;
  esac
}

# The day of faults is a class of the field tests' program with a time of its own: beside others it is their noise. The
# world is a folder of the fast ones: it lives for longer here, and its deliberate mistakes would fill the fast minute.
program() { case $1 in day) echo field ;; world) echo fast ;; *) echo "$1" ;; esac; }
class=Sluice.Field.Day.A_day_of_faults
filter() {
  case $1 in
    fast) echo "--filter-not-class Sluice.Fast.World.MutantTests" ;;
    field) echo "--filter-not-class $class" ;;
    day) echo "--filter-class $class --show-live-output on" ;;
    world) echo "--filter-namespace Sluice.Fast.World --show-live-output on" ;;
  esac
}

prepare() {                          # what a suite needs beyond its own build
  case $1 in
    gateway) make out/gateway/initrd ;;
    day) make out/linux-x64/sluice-agent ;;
    world) export SLUICE_WORLDS=50 ;;
    field) make out/linux-x64/sluice-agent out/linux-x64/sluice-provision out/linux-arm64/sluice-agent \
      && test/field/make-arm64-root.sh ;;
  esac
}

run() {                              # SUITE: everything it says, and its counts in a file
  local folder program more
  folder=$(program "$1")
  program=test/$folder/bin/$configuration/net10.0/Sluice.${folder^}
  read -ra more <<<"$(filter "$1")"
  dotnet build -nologo -v q -c "$configuration" "test/$folder" && prepare "$1" \
    || { echo "== $1: does not build, or what it needs is not there"; return; }
  test/run-program.sh "$1" "$program" "$(limit "$1")" "$results" "${more[@]}"
}

for suite in "$@"; do
  started=$(date +%s)
  echo "== $suite"
  echo "0 1" >"$results/$suite.counts"
  run "$suite" 2>&1 | tee "$results/$suite.log"
  read -r suite_passed suite_failed <"$results/$suite.counts"
  passed=$((passed + suite_passed))
  failed=$((failed + suite_failed))
  [ "$suite_failed" -eq 0 ] || ill+=("$suite")
  echo "== $suite: $suite_passed passed, $suite_failed failed in $(($(date +%s) - started)) s"
done
for suite in "${ill[@]}"; do
  echo "== $suite, what failed:"
  grep -A 25 '^failed ' "$results/$suite.log" || tail -n 12 "$results/$suite.log"
done
[ "$passed" -eq 0 ] && [ "$failed" -eq 0 ] && failed=1
echo "$passed $failed" >"$results/counts"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
