#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_simulate - `offpeak simulate` as a program: its exit status, its streams, its events, and that it asks no scheduler.
set -uo pipefail

command -v jq >/dev/null || { echo "skipped: jq is not installed" && exit 77; }
top=$(cd "$(dirname "$0")/../.." && pwd)
fixtures=$top/tests/fixtures/simulate
work=$(mktemp -d "${TMPDIR:-/tmp}/offpeak-simulate.XXXXXX")
trap 'rm -rf "$work"' EXIT
export OFFPEAK_SERVER=ipc://$work/nobody.sock

fail() {
        echo "FAILED: $*"
        exit 1
}

simulate() {
        "${OFFPEAK_BUILD:?}/cli/offpeak" simulate "$@"
}

plain=(--price "$fixtures/prices.csv" --carbon "$fixtures/carbon.csv" --gpus 8)

# what is promised of each policy
simulate --jobs "$fixtures/jobs.csv" "${plain[@]}" --json --segments -p offpeak -p wait-awhile -p threshold:30% >"$work/a.json" || fail "three policies"
[ "$(jq -c '[.policies[].name]' "$work/a.json")" = '["offpeak","wait-awhile","threshold:30%","run-now"]' ] || fail "the policies' names"
jq -e '.schema == "offpeak.simulate/1" and all(.policies[]; . as $p | all(
        "name", "cost", "carbon_kg", "energy_mwh", "run_now_cost", "run_now_carbon_kg", "lower_bound", "mean_delay_h",
        "p95_delay_h", "missed_deadlines", "starts", "peak_mw", "segments"; . as $key | $p | has($key)))' "$work/a.json" >/dev/null ||
        fail "a key is missing: $(cat "$work/a.json")"
jq -e 'all(.policies[]; (.segments | length) == .starts)' "$work/a.json" >/dev/null || fail "starts are not segments"

# the same again gives the same bytes, noise included
for i in 1 2; do
        simulate --jobs "$fixtures/jobs.csv" "${plain[@]}" --json --segments --forecast noise:10% --seed 3 --events "$work/events.$i" >"$work/noise.$i" || fail "noise"
done
cmp "$work/noise.1" "$work/noise.2" || fail "the same seed, other bytes"
cmp "$work/events.1" "$work/events.2" || fail "the same seed, other events"

# failures: the same bytes again, all policies meet the same ones, and where nodes are safe nothing is told of any
failing=("${plain[@]}" --gpus-per-node 2 --node-mtbf 8h --checkpoint 20m --ramp 10m --start-cost 5m)
for i in 1 2; do
        simulate --jobs "$fixtures/jobs.csv" "${failing[@]}" --seed 2 --json --segments -p offpeak -p oracle -p wait-awhile >"$work/fails.$i" || fail "failures"
done
cmp "$work/fails.1" "$work/fails.2" || fail "the same seed, other failures"
jq -e '.hardware.node_failures > 0 and all(.policies[]; has("failures") and has("lost_gpu_h") and has("lost_mwh") and (.failures > 0) == (.lost_gpu_h > 0)) and any(.policies[]; .failures > 0)' \
        "$work/fails.1" >/dev/null || fail "what failures cost: $(cat "$work/fails.1")"
simulate --jobs "$fixtures/jobs.csv" "${failing[@]}" --seed 3 --json --segments -p offpeak >"$work/fails.3" || fail "another seed"
jq -e --slurpfile other "$work/fails.3" '.policies[0].segments != $other[0].policies[0].segments' "$work/fails.1" >/dev/null || fail "the seed does not matter"
jq -e '.hardware.node_failures == 0 and all(.policies[]; .failures == 0)' "$work/a.json" >/dev/null || fail "failures that nobody asked for"

# events: each line is JSON, each segment of the policy has its launch, and first hours are no plan of everybody
jq -es 'length > 0 and all(.[]; has("at_utc") and has("index") and has("event"))' "$work/events.1" >/dev/null || fail "events"
jq -ces '[.[] | select(.event == "launched") | [.id, .at_utc]]' "$work/events.1" >"$work/launches" || fail "no launches"
jq -e --slurpfile launches "$work/launches" 'all(.policies[] | select(.name == "offpeak") | .segments[];
        [.id, .start_utc] as $start | $launches[0] | any(. == $start))' "$work/noise.1" >/dev/null || fail "a start has no event"
jq -es '[.[] | select(.event == "planned")] | any(.version == 0) and any(.version > 0) and
        all((.version == 0) == (.cost == null) and (.version == 0) == (.bound == null))' "$work/events.1" >/dev/null || fail "what plans cost"
jq -es '[.[] | select(.event == "submitted") | .id] == ["a", "b", "c"]' "$work/events.1" >/dev/null || fail "submissions"
jq -es '[.[] | select(.event == "ended" and .done) | .id] | sort == ["a", "b", "c"]' "$work/events.1" >/dev/null || fail "ends"

# a list in which something is wrong
said=$(simulate --jobs "$fixtures/bad_jobs.csv" "${plain[@]}" --strict 2>&1)
[ $? -eq 65 ] || fail "--strict ends with another status: $said"
grep -q 'bad_jobs.csv: rows that cannot be read: 1 (line 8: .*Mend them, or leave out --strict$' <<<"$said" || fail "--strict says $said"
said=$(simulate --jobs "$fixtures/bad_jobs.csv" "${plain[@]}" -p run-now) || fail "without --strict"
grep -q '^left out, jobs wider than the cluster: 1; in line 5' <<<"$said" || fail "what was left out: $said"
simulate --jobs "$fixtures/jobs.csv" "${plain[@]}" --strict -p run-now >/dev/null || fail "a list without fault is refused"

# other statuses
simulate --jobs "$fixtures/jobs.csv" 2>/dev/null
[ $? -eq 64 ] || fail "no cluster"
simulate --jobs "$work/none.csv" "${plain[@]}" 2>/dev/null
[ $? -eq 66 ] || fail "no such file"
simulate --jobs "$fixtures/jobs.csv" --config "$fixtures/jobs.csv" --nodes 1x8 2>/dev/null
[ $? -eq 78 ] || fail "no configuration"
simulate --jobs "$fixtures/jobs.csv" "${plain[@]}" --events /dev/full >/dev/null 2>&1
[ $? -eq 74 ] || fail "events that cannot be written"

# work that does not fit before the series end: said, and nothing is saved by it
printf 'id,submit,gpus,duration_s\nx,2026-01-05T00:00:00Z,8,144000\ny,2026-01-05T00:00:00Z,8,144000\n' >"$work/crowd.csv"
said=$(simulate --jobs "$work/crowd.csv" "${plain[@]}" -p offpeak) || fail "a crowd: $said"
for policy in offpeak run-now; do
        grep -q "^$policy: 1 of 2 jobs was not done by the end" <<<"$said" || fail "$policy does not say what is not done: $said"
done
grep -q '^run-now.*%.*%' <<<"$said" && fail "shares of what was not done: $said"
printf 'id,submit,gpus,duration_s\nw,2026-01-05T00:00:00Z,1000000000,60\nv,2026-01-04T00:00:00Z,1,60\n' >"$work/none.csv"
said=$(simulate --jobs "$work/none.csv" "${plain[@]}" 2>&1) && fail "no job at all"
grep -q 'no job is left of 2 rows: jobs wider than the cluster: 1 (line 2: job w: .*), jobs submitted before the series begin: 1 (line 3: job v: they begin at' <<<"$said" ||
        fail "why no job is left: $said"
rm "$work/none.csv"

# files that are no series say why
: >"$work/empty.csv"
printf '\377\376t\0i\0m\0e\0' >"$work/wide.csv"
printf 'time,price_eur_per_mwh\n2026-01-05T00:00,1\n2026-01-05T01:00,2\n' >"$work/local.csv"
for case in 'empty.csv: the file is empty' 'wide.csv: is UTF-16: save it as UTF-8' 'local.csv: no mapping .*--set zone='; do
        said=$(simulate --jobs "$fixtures/jobs.csv" --gpus 8 --price "$work/${case%%:*}" 2>&1)
        [ $? -eq 65 ] && grep -q "$case" <<<"$said" || fail "$case: $said"
done

# from the standard input; and nothing of a bar where nobody looks
said=$(simulate --jobs - "${plain[@]}" -p run-now <"$fixtures/jobs.csv" 2>&1) || fail "the standard input: $said"
grep -q '^3 jobs on 8 GPUs' <<<"$said" || fail "the standard input: $said"
grep -q $'\r' <<<"$said" && fail "a bar in a file"

# the example configuration, whose series are real
simulate --jobs "$fixtures/june_jobs.csv" --config "$top/deploy/examples/offpeak.yaml" --nodes hall=2x8@700W --json --segments >"$work/hall.json" || fail "the example"
jq -e '.currency == "EUR" and .objective == "as configured" and
        all(.policies[]; .jobs_done == 2 and .cost > 0 and .carbon_kg > 0 and all(.segments[]; .site == "hall"))' "$work/hall.json" >/dev/null ||
        fail "the example: $(cat "$work/hall.json")"
exit 0
