#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_pytorch_ddp.sh - two ranks of examples/pytorch_ddp.py under torchrun, stopped, killed and started again, end with
# the same weights as two ranks that are left alone.
#
# PyTorch's rendezvous listens on every address, so this runs in a network namespace of its own; and in one of processes,
# so that none of its ranks outlives it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
example=$here/../../deploy/examples/pytorch_ddp.py
python=/usr/bin/python3
steps=240
namespace=(unshare --map-root-user --net --pid --fork --kill-child --mount-proc)

skip() {
        echo "skipped: $*"
        exit 77
}

fail() {
        echo "FAILED: $*" >&2
        tail -n 30 "$scratch"/*.log >&2
        exit 1
}

# Two ranks as a user would start them. In the background, its process in $job; output in $scratch/NAME.log.
start() { # start NAME OPTIONS...
        local name=$1
        shift
        mkdir -p "$scratch/$name"
        OFFPEAK_CHECKPOINT_DIR=$scratch/$name OFFPEAK_PROGRESS=$scratch/$name/progress \
                $python -m torch.distributed.run --nproc_per_node 2 --master_addr 127.0.0.1 -r 1 -t 1 \
                "$example" --steps $steps --checkpoint-every 20 "$@" >>"$scratch/$name.log" 2>&1 &
        job=$!
}

done_of() { # done_of NAME: steps done, by its last line of progress
        tail -n 1 "$scratch/$1/progress" 2>/dev/null | cut -d ' ' -f 1
}

wait_for_step() { # wait_for_step NAME STEP
        while kill -0 $job 2>/dev/null; do
                [ "$(done_of "$1")" -ge "$2" ] 2>/dev/null && return
                sleep 0.05
        done
        fail "it ended before step $2"
}

weights_of() { # weights_of NAME
        grep -o 'weights [0-9a-f]*' "$scratch/$1.log" | tail -n 1
}

main() {
        start straight
        wait $job || fail "the run that is left alone"

        start broken --step-ms 20
        wait_for_step broken 30
        kill -TERM $job
        wait $job || true # torchrun exits 1 after a signal, whatever its workers did
        [ "$(done_of broken)" -lt $steps ] || fail "the stop came too late to be a test"
        [ "$(grep -c 'stopped after step' "$scratch/broken.log")" -eq 1 ] || fail "no orderly stop on SIGTERM"
        local stopped_at
        stopped_at=$(done_of broken)

        : >"$scratch/broken/progress"
        start broken --step-ms 20
        wait_for_step broken $((stopped_at + 10))
        [ "$(head -n 1 "$scratch/broken/progress")" = "$stopped_at $steps" ] || fail "it lost steps at an orderly stop"
        kill -KILL "$(pgrep -f -P $job pytorch_ddp.py | head -n 1)"
        wait $job || true

        start broken
        wait $job || fail "the last run"
        [ "$(done_of broken)" -eq $steps ] || fail "it did not get to the end"
        [ -n "$(weights_of straight)" ] || fail "no weights were printed"
        [ "$(weights_of straight)" = "$(weights_of broken)" ] ||
                fail "stopping and killing changed the weights: $(weights_of straight), $(weights_of broken)"
        echo "stopped after step $stopped_at, killed later, same weights"
}

if [ -z "${IN_NAMESPACE:-}" ]; then
        $python -c 'import torch.distributed' 2>/dev/null || skip "$python has no torch (package python3-torch)"
        command -v ip >/dev/null || skip "no ip (package iproute2)"
        "${namespace[@]}" ip link set lo up 2>/dev/null || skip "no network namespaces here"
        IN_NAMESPACE=1 exec "${namespace[@]}" "$0"
fi

ip link set lo up
export OMP_NUM_THREADS=1 GLOO_SOCKET_IFNAME=lo
scratch=$(mktemp -d)
export TMPDIR=$scratch # where torchrun leaves its logs
job=
trap '[ -z "$job" ] || kill $job 2>/dev/null || true; wait; rm -rf "$scratch"' EXIT
main
