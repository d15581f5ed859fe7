#!/usr/bin/env bash
# Builds and runs test programs and adds up their counts: test/run-suites.sh fast field
# Last line: `N passed, N failed`; the same two numbers go to out/tests/counts for .ci/run.
# Counted from each program's own TRX report. A program that does not build, dies, hangs past its limit or reports
# nothing counts as one failed; a skipped test counts as failed, because nothing here may be skipped.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
configuration=${CONFIGURATION:-Debug}
results=out/tests
mkdir -p "$results"
rm -f "$results/counts"
passed=0 failed=0

# The time after which a suite is hung and not slow. The budget itself stands in CONTRIBUTING.md.
limit() { case $1 in fast) echo 5m ;; *) echo 20m ;; esac; }

# counter FILE NAME: an attribute of the <Counters> of a TRX file; empty when there is none
counter() {
  grep -oE '<Counters [^>]*' "$1" 2>/dev/null | grep -oE "(^| )$2=\"[0-9]+\"" | grep -oE '[0-9]+' | head -n 1
}

prepare() {                          # what a suite needs beyond its own build
  case $1 in
    field) make out/linux-x64/sluice-agent && make out/linux-arm64/sluice-agent && test/field/make-arm64-root.sh ;;
  esac
}

run_suite() {
  local name=$1 trx="$results/$1.trx" program started code total ok
  program=$(echo test/"$name"/bin/"$configuration"/net10.0/Sluice."${name^}")
  rm -f "$trx"
  started=$(date +%s)
  echo "== $name"
  if ! dotnet build -nologo -v q -c "$configuration" "test/$name" || ! prepare "$name"; then
    echo "== $name: does not build"
    failed=$((failed + 1))
    return
  fi
  timeout --kill-after=20s "$(limit "$name")" "$program" --no-ansi --progress off --fail-skips on \
    --show-slowest-tests 5 --results-directory "$results" --report-xunit-trx --report-xunit-trx-filename "$name.trx"
  code=$?
  total=$(counter "$trx" total) ok=$(counter "$trx" passed)
  total=${total:-0} ok=${ok:-0}
  passed=$((passed + ok))
  failed=$((failed + total - ok))
  if [ "$code" -ne 0 ] && [ "$total" -eq "$ok" ]; then
    echo "== $name: no test failed, but the program ended with code $code (crash, time limit, or no test ran)"
    failed=$((failed + 1))
  elif [ "$total" -eq 0 ]; then
    echo "== $name: no test ran"
    failed=$((failed + 1))
  fi
  echo "== $name: $ok of $total passed in $(($(date +%s) - started)) s"
}

for suite in "$@"; do
  run_suite "$suite"
done
[ "$passed" -eq 0 ] && [ "$failed" -eq 0 ] && failed=1
echo "$passed $failed" >"$results/counts"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
