#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_pytorch_offpeak.sh - two PyTorch ranks on a real cluster, paused halfway (by hand, with hold), moved to other nodes (the
# first one is drained meanwhile) and let go again, end with the weights of two ranks that nobody disturbed: one on each of
# two nodes, begun by Offpeak or by torchrun, or both on one node with a process for each GPU.
#
# In namespaces of its own, like test_pytorch_ddp.sh.
set -euo pipefail

deploy=$(cd "$(dirname "$0")/../../deploy" && pwd)
example=$deploy/examples/pytorch_ddp.py
python=/usr/bin/python3
steps=120
namespace=(unshare --map-root-user --net --pid --fork --kill-child --mount-proc)

skip() {
        echo "skipped: $*"
        exit 77
}

fail() {
        echo "FAILED: $*" >&2
        tail -n 20 "$scratch"/*.log "$scratch"/out.* >&2
        exit 1
}

offpeak() {
        "$OFFPEAK_BUILD/cli/offpeak" "$@"
}

start_cluster() {
        cat >"$scratch/offpeakd.yaml" <<YAML
listen: ["$OFFPEAK_SERVER"]
state_dir: $scratch/state
clock: {start: "2025-06-11T15:00:00Z", rate: 60}
sites: [{name: hall, currency: EUR, grid: {price: $deploy/data/price_week_de.csv}}]
classes: {default: {start_cost: 2m, min_run: 2m, stop_grace: 60s, lease: 20s}}
YAML
        "$OFFPEAK_BUILD/scheduler/offpeakd" --config "$scratch/offpeakd.yaml" >"$scratch/offpeakd.log" 2>&1 &
        local node
        for node in n1 n2 n3; do
                "$OFFPEAK_BUILD/agent/offpeak-agent" --node $node --site hall --state-dir "$scratch/$node" \
                        --allow-root --devices kind=cpu-slot,count=2 --idle-w 100 --slot-w 50 >"$scratch/$node.log" 2>&1 &
        done
        wait_until "all nodes up" holds nodes '[.nodes[] | select(.status == "up")] | length == 3'
}

holds() { # holds VIEW CONDITION: of the view's document
        offpeak "$1" --json 2>/dev/null | jq -e "$2" >/dev/null
}

job_holds() { # job_holds CONDITION: of the last job's document
        offpeak jobs --all --json 2>/dev/null | jq -e ".jobs | max_by(.id) | $1" >/dev/null
}

wait_until() { # wait_until WHAT COMMAND...: until it succeeds, for a minute
        local what=$1 tries=0
        shift
        until "$@"; do
                tries=$((tries + 1))
                [ $tries -lt 600 ] || fail "not within a minute: $what"
                sleep 0.1
        done
}

undisturbed() {
        local rank
        mkdir "$scratch/straight"
        for rank in 1 0; do
                RANK=$rank WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=29401 $python "$example" --steps $steps \
                        --checkpoint "$scratch/straight" >"$scratch/straight.$rank.log" 2>&1 &
        done
        wait $! || fail "the undisturbed run"
}

weights_in() { # weights_in FILE
        grep -o 'weights [0-9a-f]*' "$1" | tail -n 1
}

paused() { # paused NAME OPTIONS... -- COMMAND...: a job whose first rank writes to out.NAME
        local name=$1 out=$scratch/out.$1 id left
        shift
        mkdir "$scratch/checkpoint.$name"
        id=$(offpeak submit --parsable -J "$name" -t 30m --deadline now+31m -o "$out" --checkpoint-dir "$scratch/checkpoint.$name" "$@")
        wait_until "some progress" job_holds '.done_source == "reported" and .done_fraction > 0.2'
        offpeak hold "$id"
        wait_until "a stop" job_holds '.status == "held"'
        [ -e "$scratch/checkpoint.$name/ddp.ckpt" ] || fail "$name: no checkpoint at the stop"
        grep -q 'stopped after step' "$out" || fail "$name: no orderly stop"
        left=$(offpeak show "$id" --json | jq -r '.job.attempt.legs[0].node')
        offpeak drain "$left" >/dev/null
        offpeak release "$id"
        wait_until "the end" job_holds '.state == "done"'
        offpeak show "$id" --json | jq -e --arg left "$left" '.job.attempt.legs | map(.node) | index($left) == null' >/dev/null ||
                fail "$name: it went on on the drained node $left"
        offpeak resume "$left" >/dev/null
        job_holds '.attempts == 2 and .done_fraction == 1' || fail "$name: it did not end complete in two attempts"
        [ -n "$(weights_in "$out")" ] || fail "$name: no weights were printed"
        [ "$(weights_in "$out")" = "$(weights_in "$scratch/straight.0.log")" ] || fail "$name: the pause changed the weights"
}

main() {
        undisturbed
        start_cluster
        paused env -N 2 --gpus-per-node 1 -- $python "$example" --steps $steps --step-ms 50
        paused gpu -N 1 --gpus-per-node 2 --launcher gpu -- $python "$example" --steps $steps --step-ms 50
        # torchrun takes nodes, ranks and workers from the environment
        paused torchrun -N 2 --gpus-per-node 1 -- $python -m torch.distributed.run -r 1 -t 1 "$example" --steps $steps --step-ms 50
}

if [ -z "${IN_NAMESPACE:-}" ]; then
        $python -c 'import torch.distributed' 2>/dev/null || skip "$python has no torch (package python3-torch)"
        command -v ip >/dev/null || skip "no ip (package iproute2)"
        command -v jq >/dev/null || skip "no jq (package jq)"
        "${namespace[@]}" ip link set lo up 2>/dev/null || skip "no network namespaces here"
        IN_NAMESPACE=1 exec "${namespace[@]}" "$0"
fi

ip link set lo up
export OMP_NUM_THREADS=1 GLOO_SOCKET_IFNAME=lo
scratch=$(mktemp -d)
export OFFPEAK_SERVER=ipc://$scratch/offpeakd.sock TMPDIR=$scratch # where torchrun leaves its logs
trap 'rm -rf "$scratch"' EXIT
main
