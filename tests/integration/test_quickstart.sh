#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_quickstart.sh - what a newcomer meets first: scheduler, two agents, five jobs that are paused and go on, real
# prices, a report; and nothing left behind. It is the one test of all programs together, on a faster clock.
set -euo pipefail

quickstart=$(cd "$(dirname "$0")/../../deploy" && pwd)/quickstart
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
        echo "FAILED: $*" >&2
        cat "$scratch/output" >&2
        exit 1
}

# Processes of a quickstart of this test; the pattern is in a file lest grep finds itself.
left_behind() {
        grep -lsFf <(printf '%s/offpeak\n' "$scratch") /proc/[0-9]*/cmdline
}

command -v jq >/dev/null || { echo "skipped: no jq (package jq)" && exit 77; }

TMPDIR=$scratch "$quickstart" --rate 2400 >"$scratch/output" 2>&1 || fail "exit $?"
grep -q 'Run at once, the [345] jobs that ended would have cost' "$scratch/output" || fail "hardly a job ended"
# A pause of a second falls between two looks on a busy machine; the last picture has it.
sed -n '/^looking back/,$p' "$scratch/output" | grep -E 'GPUs, [1-9][0-9]* pause' >/dev/null || fail "nothing was ever paused"
grep -q ' saved (' "$scratch/output" || fail "no saving was told"
! grep -Eq -- '-[0-9.]+ saved \(' "$scratch/output" || fail "it cost more than running at once"
[ "$(ls -A "$scratch")" = output ] || fail "it left files: $(ls -A "$scratch")"
if left_behind; then
        fail "it left processes"
fi

# Interrupted halfway, it takes everything along.
TMPDIR=$scratch "$quickstart" --rate 900 >"$scratch/output" 2>&1 &
pid=$!
for _ in $(seq 300); do
        ! grep -q 'and what happens' "$scratch/output" || break
        sleep 0.1
done
sleep 2
kill -TERM $pid
code=0
wait $pid || code=$?
[ $code -eq 143 ] || fail "exit $code after SIGTERM"
[ "$(ls -A "$scratch")" = output ] || fail "interrupted, it left files: $(ls -A "$scratch")"
if left_behind; then
        fail "interrupted, it left processes"
fi
