#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_first_failure - a gang on two real agents: one rank fails, the other is stopped, and `offpeak show` tells who was
# first, how it ended and the last that it said; after a restart of the scheduler, too.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig first-failure

write_node() {
        cat >"$work/$1.yaml" <<YAML
server: "ipc://$work/d.sock"
node: $1-$$
site: hall
state_dir: $work/$1
devices: {kind: cpu-slot, count: 1}
power: {idle: 100 W, per_device: 100 W}
YAML
}

write_files() {
        local day now
        now=$(date +%s)
        echo "time,price_eur_per_mwh" >"$work/prices.csv"
        for day in -1 0 1 2; do
                date -u -d "@$((now + day * 86400))" +%Y-%m-%dT00:00:00Z,50 >>"$work/prices.csv"
        done
        cat >"$work/offpeakd.yaml" <<YAML
listen: ["ipc://$work/d.sock"]
state_dir: $work/state
sites:
  - {name: hall, currency: EUR, grid: {price: prices.csv}}
classes:
  - {name: default, min_run: 0s, start_cost: 0s, stop_grace: 5s, lease: 6s}
YAML
        write_node n1
        write_node n2
        cat >"$work/job.sh" <<'SH'
if [ "$RANK" = 1 ]; then
        sleep 1
        echo "loading" >&2
        printf '10 %%\r20 %%\rstep 7: \033[31mout of memory\n' >&2
        exit 3
fi
echo "rank 0 waits"
exec sleep 60
SH
}

expect() {
        local got
        got=$(offpeak show "$1" --json | jq -c ".job.failure | $2")
        [ "$got" = "$3" ] || fail "$2 is $got, not $3: $(offpeak show "$1" --json | jq -c .job.failure)"
}

check() {
        expect "$1" .attempt 1
        expect "$1" .rank 1
        expect "$1" .how '"exit"'
        expect "$1" .exit_code 3
        expect "$1" .node "$(offpeak show "$1" --json | jq -c '.job.attempt.legs[1].node')"
        expect "$1" .last_lines '["loading","step 7: ?[31mout of memory"]'
        offpeak show "$1" | grep -qF "(rank 1)" || fail "the rank is not shown"
        offpeak show "$1" | grep -qF "| step 7: ?[31mout of memory" || fail "the last line is not shown"
        offpeak show "$1" | grep -qF "exited with 3" || fail "the exit code is not shown"
        offpeak logs "$1" | grep -q '^rank 0 waits' || fail "rank 0's output is not told"
        offpeak logs --error --rank 1 "$1" | grep -q 'step 7: ' || fail "rank 1's errors are not told"
        [[ "$(offpeak logs --rank 2 "$1" 2>&1)" = *"job $1 has the ranks 0 to 1"* ]] || fail "a rank that it has not is not refused"
}

main() {
        local id
        write_files
        start_daemon
        start_agent n1
        start_agent n2
        wait_nodes 2
        mkdir -p "$work/job"
        id=$(cd "$work/job" && offpeak submit --parsable -N 2 --gpus-per-node 1 -t 1m --output "out.%n" --error "err.%n" -- bash "$work/job.sh") ||
                fail "the job is refused"
        for _ in $(seq 300); do
                offpeak show "$id" --json | jq -e '.job.state == "failed"' >/dev/null && break
                sleep 0.1
        done
        check "$id"
        kill -KILL "$daemon"
        wait "$daemon" 2>/dev/null
        start_daemon
        check "$id"
        offpeak show "$id"
        id=$(cd "$work/job" && offpeak submit --parsable --gpus 1 -t 1m -- ./no-such-program)
        for _ in $(seq 300); do
                offpeak show "$id" --json | jq -e '.job.state == "failed"' >/dev/null && break
                sleep 0.1
        done
        expect "$id" .exit_code 127
        expect "$id" .why '"cannot run ./no-such-program: No such file or directory"'
        offpeak show "$id"
        # Who waits for nodes is told which of them are out.
        offpeak drain "n2-$$" --reason "fan 3 fails" || fail "no drain"
        id=$(offpeak submit --parsable -N 2 --gpus-per-node 1 -t 1m -- true) || fail "a job for drained nodes is refused"
        offpeak show "$id" | grep -A1 "waits for *nodes that can hold it" | grep -q "n2-$$ is drained: fan 3 fails" ||
                fail "it is not told whom it waits for: $(offpeak show "$id")"
}

main
