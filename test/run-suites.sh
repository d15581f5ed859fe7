#!/usr/bin/env bash
# Builds and runs test programs and adds up their counts: test/run-suites.sh fast field
# Last line: `N passed, N failed`; the same two numbers go to out/tests/counts for .ci/run. A program that does not
# build counts as one failed. Before the count stands once more what failed, because a long log is read from its end;
# the names alone go to out/tests/named, and with them those that passed only when run again by themselves. That second
# run is for a machine that nobody watches (SLUICE_AGAIN=1, .ci/run), and for suites that know real time.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
configuration=${CONFIGURATION:-Debug}
results=out/tests
mkdir -p "$results"
rm -f "$results"/*counts "$results"/named
passed=0 failed=0 ill=()

# The time after which a suite is hung and not slow. The budget itself stands in CONTRIBUTING.md.
limit() {
  case $1 in
    fast) echo 5m ;;
    day) echo $((${SLUICE_DAY_MINUTES:-3} + 5))m ;;
    gateway) echo 35m ;;             # emulated: how long that takes is the machine's business
    *) echo 20m ;;
  esac
}

# The day of faults is a class of the field tests' program with a time of its own: beside others it is their noise. So
# are the zones, a folder of it, which people look at by themselves. The world is a folder of the fast ones that lives
# for longer here; with it run those whose trait says that they would fill the fast minute: deliberate mistakes, and
# power cuts that are counted out one by one.
program() { case $1 in day | zones) echo field ;; world) echo fast ;; *) echo "$1" ;; esac; }
class=Sluice.Field.Day.A_day_of_faults
zones=Sluice.Field.Zones
world="--filter-query /*/Sluice.Fast.World --filter-query /[suite=world]"
filter() {
  case $1 in
    fast) echo "--filter-not-trait suite=world" ;;
    field) echo "--filter-not-class $class --filter-not-namespace $zones" ;;
    zones) echo "--filter-namespace $zones --show-live-output on" ;;
    day) echo "--filter-class $class --show-live-output on" ;;
    gateway | packages) echo "--filter-not-trait suite=all" ;;
    world) echo "$world --max-threads 1x --show-live-output on" ;;   # it computes: no more lanes than processors
  esac
}

prepare() {                          # what a suite needs beyond its own build
  case $1 in
    gateway) make out/gateway/initrd out/gateway/{trixie,bookworm}.ext4 out/image/made \
      out/linux-x64/sluice-provision ;;
    day | zones) make out/linux-x64/sluice-agent ;;
    packages) make dist-parts && packaging/image/build-root.sh && test/packages/roots/build-root.sh bookworm arm64 \
      && test/packages/roots/build-root.sh trixie amd64 && test/packages/roots/build-wine.sh ;;
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
  AGAIN=$(again "$1") test/run-program.sh "$1" "$program" "$(limit "$1")" "$results" "${more[@]}"
}

again() {                            # how many tests of a suite may be run once more
  case $1 in
    world) echo 0 ;;                 # stepped by a clock of its own: there is no noise in it
    *) echo $((${SLUICE_AGAIN:-0} * 3)) ;;
  esac
}

name_tests() {                       # SUITE: what did not pass, or not at first
  local results=$results/$1
  [ ! -s "$results.unsteady" ] || sed "s/^/passed only when run again, a bug to be found: /" "$results.unsteady"
  [ ! -s "$results.failed" ] || sed "s/^/did not pass: /" "$results.failed"
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
  name_tests "$suite" >>"$results/named"
done
for suite in "${ill[@]}"; do
  echo "== $suite, what failed:"
  # A program that died says so after its failed tests, and its last words may be all there is.
  grep -a -A 25 '^failed ' "$results/$suite.log"
  echo "== $suite, its last words:"
  tail -n 12 "$results/$suite.log"
done
[ "$passed" -eq 0 ] && [ "$failed" -eq 0 ] && failed=1
echo "$passed $failed" >"$results/counts"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
