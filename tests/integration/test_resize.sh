#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_resize - an elastic job on a real scheduler, agent and shim, on a clock 600 times too fast: wide while power costs next to
# nothing, narrow in the dear hours that its deadline needs. The job writes down how wide it was and when, by the real clock.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig resize
rate=600
watts=1000

write_files() {
        cat >"$work/prices.csv" <<'CSV'
time,price_eur_per_mwh
2025-06-10T11:00:00Z,120
2025-06-10T12:00:00Z,1
2025-06-10T13:00:00Z,80
2025-06-10T14:00:00Z,500
2025-06-10T15:00:00Z,500
2025-06-10T16:00:00Z,500
CSV
        write_fast_hall 10m 4
        # 80 minutes of work on four, 8 s; what the built-in curve says of two and of one. It keeps its count when it is stopped.
        cat >"$work/job.sh" <<'SH'
cd "$OFFPEAK_CHECKPOINT_DIR" || exit 1
count=$(cat count 2>/dev/null || echo 0)
began=$(date +%s.%N)
case $OFFPEAK_GPUS in 4) step=1000 ;; 2) step=536 ;; 1) step=287 ;; *) exit 3 ;; esac
leave() { echo $count >count; echo "$OFFPEAK_GPUS $began $(date +%s.%N)" >>runs; exit 0; }
trap leave TERM
while [ $count -lt 80000 ]; do
        sleep 0.093
        count=$((count + step))
        echo "$count 80000" >>"$OFFPEAK_PROGRESS"
done
leave
SH
}

# Energy by the job's own watch against the books'.
compare() {
        local id=$1 expected actual
        expected=$(awk -v r=$rate -v w=$watts '{ joules += $1 * w * ($3 - $2) * r } END { printf "%d", joules }' "$work/job/runs")
        actual=$(offpeak show "$id" --json | jq -r '.job.energy_j')
        echo "widths and times:"
        cat "$work/job/runs"
        echo "by the job's own watch: $expected J, by Offpeak's books: $actual J"
        awk -v e="$expected" -v a="$actual" 'BEGIN { exit !(a >= 0.97 * e && a <= 1.15 * e) }' || fail "the books and the watch do not agree"
        awk '$1 == 4 { wide = 1 } $1 < 4 { narrow = 1 } END { exit !(wide && narrow) }' "$work/job/runs" ||
                fail "it was not wide and narrow"
}

main() {
        local id
        write_files
        start_daemon
        start_agent n1
        for _ in $(seq 100); do
                offpeak nodes --json | jq -e '.nodes | length == 1' >/dev/null && break
                sleep 0.05
        done
        id=$(offpeak submit --parsable -J wide -t 80m --gpus 1-4 --deadline 2025-06-10T14:00:00Z \
                --checkpoint-dir "$work/job" -o "$work/job.out" -- /bin/bash "$work/job.sh") || fail "the job was not taken"
        offpeak show "$id" --json | jq -e '.job.widths | map(.gpus) == [4, 2, 1]' >/dev/null || fail "it has other widths"
        wait_done "$id"
        offpeak show "$id" --json | jq -e '.job.attempts >= 2 and (.job.late_s == 0 or .job.late_s == null)' >/dev/null ||
                fail "it was late, or never stopped: $(offpeak show "$id" --json)"
        compare "$id"
}

main
