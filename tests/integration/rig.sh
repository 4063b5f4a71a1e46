# SPDX-License-Identifier: Apache-2.0
#
# rig.sh - what scripts with a real scheduler share; to be sourced. `rig NAME` makes $work, a folder of the test's own that goes
# with it, as do all processes that were begun with OFFPEAK_TEST=$token in their environment, and jobs' below them.
# shellcheck shell=bash

build=${OFFPEAK_BUILD:?}

fail() {
        echo "FAILED: $*"
        offpeak jobs --all 2>&1
        tail -n 40 "$work"/*.log
        exit 1
}

offpeak() {
        "$build/cli/offpeak" "$@"
}

# Begin a scheduler by $work/offpeakd.yaml, as process $daemon, and wait until it answers.
start_daemon() {
        OFFPEAK_TEST=$token setsid "$build/scheduler/offpeakd" --config "$work/offpeakd.yaml" >>"$work/offpeakd.log" 2>&1 &
        daemon=$!
        for _ in $(seq 100); do
                offpeak nodes --json >/dev/null 2>&1 && return
                sleep 0.05
        done
        fail "the scheduler does not come up"
}

# start_agent NAME: an agent by $work/NAME.yaml, as process $agent; jobs of whoever runs the test may run there
start_agent() {
        grep -q '^allow_root:' "$work/$1.yaml" || echo 'allow_root: true' >>"$work/$1.yaml"
        OFFPEAK_TEST=$token setsid "$build/agent/offpeak-agent" --config "$work/$1.yaml" >>"$work/$1.log" 2>&1 &
        # shellcheck disable=SC2034 # for the scripts
        agent=$!
}

# wait_nodes N: until so many are up
wait_nodes() {
        for _ in $(seq 200); do
                [ "$(offpeak nodes --json | jq '[.nodes[] | select(.status == "up")] | length')" = "$1" ] && return
                sleep 0.1
        done
        fail "not all of $1 nodes are up: $(offpeak nodes)"
}

# write_fast_hall MIN_RUN SLOTS: $work/offpeakd.yaml, one site with $work/prices.csv whose clock goes $rate times too fast from
# 2025-06-10T11:00:00Z, and $work/n1.yaml, a node of it that draws $watts W a slot.
write_fast_hall() {
        cat >"$work/offpeakd.yaml" <<YAML
listen: ["ipc://$work/d.sock"]
state_dir: $work/state
clock: {start: 2025-06-10T11:00:00Z, rate: ${rate:?}}
sites:
  - {name: hall, currency: EUR, grid: {price: prices.csv, limit: 100 kW}}
classes:
  - {name: default, min_run: $1, start_cost: 0s, stop_grace: 5s, lease: 6s}
YAML
        cat >"$work/n1.yaml" <<YAML
server: "ipc://$work/d.sock"
node: n1-$$
site: hall
state_dir: $work/n1
devices: {kind: cpu-slot, count: $2}
power: {idle: 200 W, per_device: ${watts:?} W}
YAML
}

# wait_done JOB: within 45 s and more
wait_done() {
        local state
        for _ in $(seq 450); do
                state=$(offpeak show "$1" --json | jq -r '.job.state')
                [ "$state" = "done" ] && return
                [ "$state" = failed ] && fail "the job failed: $(cat "$work/job.out")"
                sleep 0.1
        done
        fail "the job is $state, not done: $(offpeak show "$1")"
}

rig_clean_up() {
        local pids
        trap '' INT TERM
        pids=$(grep -lzsF "OFFPEAK_TEST=$token" /proc/[0-9]*/environ | cut -d / -f 3 | grep -vx $$)
        # shellcheck disable=SC2086
        [ -z "$pids" ] || kill -KILL $pids 2>/dev/null
        wait 2>/dev/null
        "$(dirname "${BASH_SOURCE[0]}")/clear_groups" "*-$$" # of nodes that are called NAME-$$, as all are
        rm -rf "$work"
}

# rig NAME: $work, $token and $OFFPEAK_SERVER, and an end that leaves nothing.
rig() {
        work=$(mktemp -d "${TMPDIR:-/tmp}/offpeak-$1.XXXXXX")
        token=offpeak-$1-$$-$RANDOM
        export OFFPEAK_SERVER=ipc://$work/d.sock
        trap rig_clean_up EXIT
        command -v jq >/dev/null || { echo "skipped: jq is not installed" && exit 77; }
}
