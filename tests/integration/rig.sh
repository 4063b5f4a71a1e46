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

rig_clean_up() {
        local pids
        trap '' INT TERM
        pids=$(grep -lzsF "OFFPEAK_TEST=$token" /proc/[0-9]*/environ | cut -d / -f 3 | grep -vx $$)
        # shellcheck disable=SC2086
        [ -z "$pids" ] || kill -KILL $pids 2>/dev/null
        wait 2>/dev/null
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
