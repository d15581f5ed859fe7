#!/usr/bin/env bash
# Runs one test program and counts: test/run-program.sh NAME PROGRAM LIMIT RESULTS [MORE…]
# Writes "passed failed" to RESULTS/NAME.counts. The count comes from the program's own TRX report, never from its
# words: a program that dies, hangs past its limit or reports nothing is one failed, and so is every skipped test,
# because nothing here may be skipped. The tests that failed are named in RESULTS/NAME.failed, one a line.
# With AGAIN=3 in the environment, up to three tests that failed are run once more, by themselves: who passes then is
# counted as passed, and named in RESULTS/NAME.unsteady. A program that died or hung gets no second run.
set -uo pipefail
name=$1 program=$2 limit=$3 results=$4
shift 4
mkdir -p "$results"
rm -f "$results/$name".{trx,again.trx,counts,failed,unsteady}

# counter REPORT NAME: an attribute of its <Counters>; empty when there is none. A report may quote a console's control
# characters, and is text all the same.
counter() {
  grep -aoE '<Counters [^>]*' "$results/$1.trx" 2>/dev/null \
    | grep -oE "(^| )$2=\"[0-9]+\"" | grep -oE '[0-9]+' | head -n 1
}

# run REPORT [MORE…]
run() {
  local report=$1
  shift
  timeout --kill-after=20s "$limit" "$program" --no-ansi --progress off --fail-skips on --show-slowest-tests 5 \
    --results-directory "$results" --report-xunit-trx --report-xunit-trx-filename "$report.trx" "$@"
}

# A theory's cases are one method, and one line here.
failures() {
  grep -aoE '<UnitTestResult [^>]*outcome="Failed"[^>]*' "$results/$name.trx" 2>/dev/null \
    | grep -oE ' testName="[^"(]+' | cut -d'"' -f2 | sort -u
}

run "$name" "$@"
code=$?
total=$(counter "$name" total) passed=$(counter "$name" passed)
total=${total:-0} passed=${passed:-0}
failed=$((total - passed))
if [ -s "$results/$name.trx" ] && [ -z "$(counter "$name" total)" ]; then
  echo "== $name: its report breaks off, so nothing in it counts (the program ended with code $code)"
  failed=1
elif [ "$total" -eq 0 ]; then
  echo "== $name: no test ran (the program ended with code $code)"
  failed=1
elif [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then
  echo "== $name: no test failed, but the program ended with code $code: a crash, or its time limit of $limit"
  failed=1
fi
failures >"$results/$name.failed"
mapfile -t ill <"$results/$name.failed"
if [ "$code" -eq 2 ] && [ "${#ill[@]}" -gt 0 ] && [ "${#ill[@]}" -le "${AGAIN:-0}" ]; then
  echo "== $name: once more, by themselves: ${ill[*]}"
  if run "$name.again" "${ill[@]/#/--filter-method=}" && [ "$(counter "$name.again" passed)" -ge "$failed" ]; then
    passed=$total failed=0
    mv "$results/$name.failed" "$results/$name.unsteady"
  fi
fi
echo "$passed $failed" >"$results/$name.counts"
[ "$failed" -eq 0 ]
