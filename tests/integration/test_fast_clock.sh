#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_fast_clock - a real scheduler, agent, shim and training job on a clock 600 times too fast, from submission to report,
# against a second computation: the job writes down by the real clock when it ran; awk integrates the prices over that.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig fast
rate=600
start=1749553200            # 2025-06-10T11:00:00Z
watts=1000

# 11:00 dear, 12:00 cheap, 13:00 dear, 14:00 cheap, then dear: two hours of work fit the cheap ones with a pause between.
write_files() {
        cat >"$work/prices.csv" <<'CSV'
time,price_eur_per_mwh
2025-06-10T11:00:00Z,120
2025-06-10T12:00:00Z,-5
2025-06-10T13:00:00Z,150
2025-06-10T14:00:00Z,10.5
2025-06-10T15:00:00Z,140
2025-06-10T16:00:00Z,140
2025-06-10T17:00:00Z,140
2025-06-10T18:00:00Z,140
2025-06-10T19:00:00Z,140
2025-06-10T20:00:00Z,140
CSV
        write_fast_hall 20m 2
        # 100 minutes of work by this clock: 10 s. It counts in tenths, and keeps its count when it is stopped.
        cat >"$work/job.sh" <<'SH'
cd "$OFFPEAK_CHECKPOINT_DIR" || exit 1
count=$(cat count 2>/dev/null || echo 0)
began=$(date +%s.%N)
leave() { echo $count >count; echo "$began $(date +%s.%N)" >>runs; exit 0; }
trap leave TERM
while [ $count -lt 100 ]; do
        sleep 0.093
        count=$((count + 1))
        echo "$count 100" >>"$OFFPEAK_PROGRESS"
done
leave
SH
}

start_cluster() {
        start_daemon
        # What the fast clock shows at a known real time: the only thing taken from Offpeak besides the result.
        local before after now
        before=$(date +%s.%N)
        now=$(offpeak price --json | jq '.now_utc | fromdate')
        after=$(date +%s.%N)
        origin=$(awk -v b="$before" -v a="$after" -v w="$now" -v s=$start -v r=$rate 'BEGIN { printf "%.6f", (a + b) / 2 - (w - s) / r }')
        start_agent n1
}

main() {
        local id
        write_files
        start_cluster
        id=$(offpeak submit --parsable -J fast -t 100m --gpus 1 --deadline 2025-06-10T19:00:00Z \
                --checkpoint-dir "$work/job" -o "$work/job.out" -- /bin/bash "$work/job.sh") || fail "the job was not taken"
        wait_done "$id"
        offpeak report --json --from 2025-06-10T00:00:00Z >"$work/report.json" || fail "no report"
        compare "$id"
        refuse_another_clock
}

# Books and plans of a store are in one time.
refuse_another_clock() {
        kill -TERM "$daemon" && wait "$daemon"
        sed "s/rate: $rate/rate: 60/" "$work/offpeakd.yaml" >"$work/other.yaml"
        timeout 10 "$build/scheduler/offpeakd" --config "$work/other.yaml" 2>"$work/other.log"
        [ $? = 78 ] && grep -q 'begun with another `clock`' "$work/other.log" || fail "another clock over the store was taken"
}

# Second arithmetic: EUR and J over the real times that the job wrote down, mapped to the fast clock.
compare() {
        local id=$1 expected actual
        expected=$(awk -v origin="$origin" -v s=$start -v r=$rate -v w=$watts '
                BEGIN { split("120 -5 150 10.5 140 140 140 140 140 140", price, " ") }
                {
                        from = s + ($1 - origin) * r; to = s + ($2 - origin) * r; joules += w * (to - from)
                        for (t = from; t < to; t = edge) {
                                hour = int((t - s) / 3600); edge = s + (hour + 1) * 3600
                                if (edge > to) edge = to
                                cost += w * (edge - t) / 3.6e9 * price[hour + 1]
                        }
                        runs++
                }
                END { printf "%d %.1f %.9f", runs, joules, cost }' "$work/job/runs")
        actual=$(offpeak jobs --all --json | jq -r ".jobs[] | select(.id == $id) | \"\(.attempts) \(.energy_j) \(.cost_micro / 1e6)\"")
        echo "by the job's own watch: $expected"
        echo "by Offpeak's books:     $actual"
        # A start takes some 50 ms, half a minute of this clock, and the agent sees an end as late.
        awk -v e="$expected" -v a="$actual" 'BEGIN {
                split(e, x, " "); split(a, y, " ")
                ok = x[1] == y[1] && y[2] >= x[2] * 0.99 && y[2] <= x[2] * 1.10 && (y[3] - x[3]) ^ 2 < 0.012 ^ 2
                exit !ok }' || fail "the books and the watch do not agree"
        awk -v a="$actual" 'BEGIN { split(a, y, " "); exit !(y[1] == 2 && y[3] < 0.05) }' ||
                fail "it did not run in the cheap hours with one pause"
        jq -e --argjson actual "$(jq -n --arg a "$actual" '$a | split(" ") | map(tonumber)')" '
                .reports[0] as $r | $r.n_jobs == 1 and $r.actual.energy_j == $actual[1] and $r.run_now.cost_micro > 80000 and
                $r.saved_micro == $r.run_now.cost_micro - $r.actual.cost_micro' "$work/report.json" >/dev/null ||
                fail "the report says something else: $(cat "$work/report.json")"
}

main
