#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_start_again - a scheduler that was killed comes up again although a file of its signals was broken meanwhile: what the
# file last said is in its store. One that it never read stops it, as at its first start.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig start-again

prices() { # prices FILE FIRST: two days
        for hour in $(seq 0 47); do
                date -u -d "2025-06-10T00:00:00Z + $hour hours" "+%Y-%m-%dT%H:%M:%SZ,$(($2 + hour % 24))"
        done | sed '1i time,price_eur_per_mwh' >"$work/$1.new"
        mv "$work/$1.new" "$work/$1"
}

configure() { # configure [MORE]: the site hall, and a line more
        cat >"$work/offpeakd.yaml" <<YAML
listen: ["ipc://$work/d.sock"]
state_dir: $work/state
clock: {start: 2025-06-10T11:00:00Z, rate: 1}
sites:
  - {name: hall, currency: EUR, grid: {price: hall.csv}}
${1:-}
YAML
}

# signal SITE FILTER: of the site's price
signal() {
        offpeak signals --json | jq -r ".sites[] | select(.name == \"$1\").signals[] | select(.kind == \"price\") | $2"
}

kill_daemon() {
        kill -KILL "$daemon"
        wait "$daemon" 2>/dev/null
}

prices hall.csv 40
configure
start_daemon
[ "$(signal hall .now_micro_per_mwh)" = 51000000 ] || fail "no price: $(offpeak signals)"

for broken in '<html>down for maintenance</html>' '' gone; do
        kill_daemon
        echo "$broken" >"$work/hall.csv"
        [ "$broken" != gone ] || rm "$work/hall.csv"
        start_daemon
        [ "$(signal hall .state)" = failing ] || fail "\"$broken\": $(offpeak signals)"
        [ "$(signal hall .in_use)/$(signal hall .now_micro_per_mwh)" = published/51000000 ] ||
                fail "\"$broken\": what was known is not in force: $(offpeak signals)"
        "$build/scheduler/offpeakd" --config "$work/offpeakd.yaml" --check >"$work/check" 2>&1 && fail "--check finds it good"
done
grep -q "hall: price: .*hall.csv.*; what it last said stays in force" "$work/offpeakd.log" || fail "the log does not say so"
prices hall.csv 60
for _ in $(seq 100); do
        [ "$(signal hall .state)" = ok ] && break
        sleep 0.1
done
[ "$(signal hall .now_micro_per_mwh)" = 71000000 ] || fail "the mended file is not read: $(offpeak signals)"

kill_daemon
echo nonsense >"$work/barn.csv"
configure '  - {name: barn, currency: EUR, grid: {price: barn.csv}}'
timeout 10 "$build/scheduler/offpeakd" --config "$work/offpeakd.yaml" >"$work/second" 2>&1
code=$?
[ $code = 65 ] && grep -q 'barn.csv' "$work/second" || fail "a file that was never read: $code, $(cat "$work/second")"
echo "passed"
