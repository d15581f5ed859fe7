#!/usr/bin/env bash
# Builds and runs test programs and adds up their counts: test/run-suites.sh fast field
# Last line: `N passed, N failed`; the same two numbers go to out/tests/counts for .ci/run. A program that does not
# build counts as one failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
configuration=${CONFIGURATION:-Debug}
results=out/tests
mkdir -p "$results"
rm -f "$results"/*counts
passed=0 failed=0

# The time after which a suite is hung and not slow. The budget itself stands in CONTRIBUTING.md.
limit() { case $1 in fast) echo 5m ;; *) echo 20m ;; esac; }

prepare() {                          # what a suite needs beyond its own build
  case $1 in
    gateway) make out/gateway/initrd ;;
    field) make out/linux-x64/sluice-agent && make out/linux-arm64/sluice-agent && test/field/make-arm64-root.sh ;;
  esac
}

for suite in "$@"; do
  started=$(date +%s)
  echo "== $suite"
  if dotnet build -nologo -v q -c "$configuration" "test/$suite" && prepare "$suite"; then
    program=test/$suite/bin/$configuration/net10.0/Sluice.${suite^}
    test/run-program.sh "$suite" "$program" "$(limit "$suite")" "$results"
    read -r suite_passed suite_failed <"$results/$suite.counts"
  else
    echo "== $suite: does not build"
    suite_passed=0 suite_failed=1
  fi
  passed=$((passed + suite_passed))
  failed=$((failed + suite_failed))
  echo "== $suite: $suite_passed passed, $suite_failed failed in $(($(date +%s) - started)) s"
done
[ "$passed" -eq 0 ] && [ "$failed" -eq 0 ] && failed=1
echo "$passed $failed" >"$results/counts"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
