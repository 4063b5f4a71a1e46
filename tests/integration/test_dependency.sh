#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_dependency - jobs that come after others, with a real scheduler, agent and processes, on a clock 600 times too fast. The
# scheduler is killed while they wait: what they wait for is on record.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig order

write_files() {
        cat >"$work/offpeakd.yaml" <<YAML
listen: ["ipc://$work/d.sock"]
state_dir: $work/state
clock: {start: 2025-06-10T11:00:00Z, rate: 600}
sites:
  - {name: hall, currency: EUR, grid: {}}
classes:
  - {name: default, min_run: 0, start_cost: 0, stop_grace: 5s, lease: 6s, time_limit_factor: null}
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
        offpeak submit --parsable -J "$name" -t 10m -o "$work/%j.out" -D "$work" "$@" -- /bin/bash -c "$command"
}

status() {
        offpeak show "$1" --json | jq -r ".job.$2"
}

wait_for() { # wait_for JOB STATUS
        for _ in $(seq 200); do
                [ "$(status "$1" status)" = "$2" ] && return
                sleep 0.1
        done
        fail "job $1 is $(status "$1" status), not $2"
}

main() {
        local prep train bad needs any
        write_files
        start_daemon
        start_agent n1
        prep=$(submit prep 'until [ -e go ]; do sleep 0.1; done; echo ready >ready') || fail "prep was not taken"
        train=$(submit train 'grep ready ready && touch trained' --dependency "afterok:$prep") || fail "train was not taken"
        bad=$(submit bad "until [ -e trained ]; do sleep 0.1; done; exit 3") || fail "bad was not taken"
        needs=$(submit needs 'touch needed' -d "afterok:$train:$bad") || fail "needs was not taken"
        any=$(submit any 'touch anyhow' -d "afterok:$train,afterany:$bad") || fail "any was not taken"
        offpeak submit -t 10m -d afterok:99 -- true 2>"$work/refused" && fail "an unknown job was taken"
        grep -q 'job 99, which does not exist' "$work/refused" || fail "it was refused for: $(cat "$work/refused")"
        for _ in $(seq 50); do # as long as the node has not called it waits for nodes
                [ "$(status "$train" waits_for)" = dependency ] && break
                sleep 0.1
        done
        [ "$(status "$train" waits_for)" = dependency ] || fail "train waits for $(status "$train" waits_for)"
        kill -KILL "$daemon"
        wait "$daemon" 2>/dev/null
        start_daemon
        touch "$work/go"
        wait_for "$train" "done" # and it found what prep had made
        wait_for "$bad" failed
        wait_for "$any" "done"
        wait_for "$needs" held
        [ "$(status "$needs" waits_for)" = dependency_never ] || fail "needs waits for $(status "$needs" waits_for)"
        offpeak jobs --all
        offpeak explain "$needs"
        [ ! -e "$work/needed" ] || fail "needs ran"
        offpeak release "$needs" || fail "it is not released"
        wait_for "$needs" "done"
        [ -e "$work/needed" ] && [ -e "$work/anyhow" ] || fail "they did not run"
}

main
