#!/usr/bin/env bash
# Runs one test program and counts: test/run-program.sh NAME PROGRAM LIMIT RESULTS [MORE…]
# Writes "passed failed" to RESULTS/NAME.counts. The count comes from the program's own TRX report, never from its
# words: a program that dies, hangs past its limit or reports nothing is one failed, and so is every skipped test,
# because nothing here may be skipped.
set -uo pipefail
name=$1 program=$2 limit=$3 results=$4
shift 4
trx="$results/$name.trx"
mkdir -p "$results"
rm -f "$trx" "$results/$name.counts"

# counter NAME: an attribute of the report's <Counters>; empty when there is none
counter() {
  grep -oE '<Counters [^>]*' "$trx" 2>/dev/null | grep -oE "(^| )$1=\"[0-9]+\"" | grep -oE '[0-9]+' | head -n 1
}

timeout --kill-after=20s "$limit" "$program" --no-ansi --progress off --fail-skips on --show-slowest-tests 5 \
  --results-directory "$results" --report-xunit-trx --report-xunit-trx-filename "$name.trx" "$@"
code=$?
total=$(counter total) passed=$(counter passed)
total=${total:-0} passed=${passed:-0}
failed=$((total - passed))
if [ "$total" -eq 0 ]; then
  echo "== $name: no test ran (the program ended with code $code)"
  failed=1
elif [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then
  echo "== $name: no test failed, but the program ended with code $code: a crash, or its time limit of $limit"
  failed=1
fi
echo "$passed $failed" >"$results/$name.counts"
[ "$failed" -eq 0 ]
