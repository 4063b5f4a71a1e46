#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_promises - a class's GPU-hours of a month, and hours that a job is pinned to, with a real scheduler, agent and processes, on a
# clock 600 times too fast. The scheduler is killed in between: both are on record.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig promises

write_files() {
        cat >"$work/offpeakd.yaml" <<YAML
listen: ["ipc://$work/d.sock"]
state_dir: $work/state
clock: {start: 2025-06-29T11:00:00Z, rate: 600}
sites:
  - {name: hall, currency: EUR, grid: {}}
classes:
  - {name: default, min_run: 0, start_cost: 0, stop_grace: 5s, lease: 6s, time_limit_factor: null}
  - {name: bounded, min_run: 0, start_cost: 0, stop_grace: 5s, lease: 6s, quota: {gpu_hours_per_month: 3}}
YAML
        cat >"$work/n1.yaml" <<YAML
server: "ipc://$work/d.sock"
node: n1-$$
site: hall
state_dir: $work/n1
devices: {kind: cpu-slot, count: 4}
power: {idle: 200 W, per_device: 1 kW}
YAML
}

submit() { # submit NAME COMMAND OPTIONS...: its number
        local name=$1 command=$2
        shift 2
        offpeak submit --parsable -J "$name" -o "$work/%j.out" -D "$work" "$@" -- /bin/bash -c "$command" 2>>"$work/said"
}

show() {
        offpeak show "$1" --json | jq -r ".job.$2"
}

wait_for() { # wait_for JOB KEY VALUE
        for _ in $(seq 300); do
                [ "$(show "$1" "$2")" = "$3" ] && return
                sleep 0.1
        done
        fail "job $1: $2 is $(show "$1" "$2"), not $3"
}

main() {
        local first second pinned start
        write_files
        start_daemon
        start_agent n1
        first=$(submit first 'sleep 12' -t 2h --class bounded) || fail "first was not taken"
        wait_for "$first" status running
        second=$(submit second 'touch second' -t 2h --class bounded) || fail "second was not taken"
        wait_for "$second" waits_for gpu_hours
        [ "$(show "$second" gpu_hours.per_month)" = 3 ] || fail "the quota is $(show "$second" gpu_hours)"
        [ "$(show "$second" gpu_hours.free_utc)" = 2025-07-01T00:00:00Z ] || fail "free again: $(show "$second" gpu_hours.free_utc)"
        offpeak submit -t 4h --class bounded -- true 2>"$work/refused" && fail "more than a month was taken"
        grep -q 'class bounded may hold 3 a month' "$work/refused" || fail "it was refused for: $(cat "$work/refused")"

        start=$(date -u -d "$(offpeak version --json | jq -r .scheduler.now_utc) +3 hours" +%Y-%m-%dT%H:%M:%SZ)
        pinned=$(submit pinned 'touch pinned' -t 1h --begin "$start") || fail "pinned was not taken"
        offpeak pin "$second" --start "$start" 2>"$work/refused" && fail "a job that waits for July was pinned to June"
        grep -q 'may not start before 2025-07-01' "$work/refused" || fail "refused for: $(cat "$work/refused")"
        offpeak pin "$pinned" --start "$start" || fail "it was not pinned"
        wait_for "$pinned" reason pinned
        kill -KILL "$daemon"
        wait "$daemon" 2>/dev/null
        start_daemon
        [ "$(show "$pinned" 'pinned.hours[0].start_utc')" = "$start" ] || fail "pinned is $(show "$pinned" pinned), not to $start"
        wait_for "$first" status "done"
        awk -v used="$(show "$second" gpu_hours.used)" 'BEGIN { exit !(used > 1.8 && used < 3) }' ||
                fail "of the month $(show "$second" gpu_hours.used) GPU-hours are used"
        [ "$(show "$second" waits_for)" = gpu_hours ] || fail "second waits for $(show "$second" waits_for)"
        offpeak show "$pinned"
        offpeak explain "$second"
        wait_for "$pinned" status "done"
        [[ ! "$(show "$pinned" started_utc)" < "$start" ]] || fail "it started at $(show "$pinned" started_utc), not $start"
        offpeak unpin "$pinned" 2>"$work/refused" && fail "what has ended was unpinned"
        grep -q 'has already ended' "$work/refused" || fail "refused for: $(cat "$work/refused")"
}

main
