#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_mpi.sh - Open MPI's own mpirun under launcher head on agents of one host: a training over four ranks is paused, its
# node drained, and let go again; it goes on on other nodes, and its losses are to the last digit those of a run that
# nobody disturbed. What mpirun started lives in the legs of the job and leaves with them.
set -u

# shellcheck source=tests/integration/rig.sh
. "$(dirname "$0")/rig.sh"
rig mpi
command -v mpirun >/dev/null || { echo "skipped: mpirun is not installed (package openmpi-bin)" && exit 77; }
command -v mpicc >/dev/null || { echo "skipped: mpicc is not installed (package openmpi-bin)" && exit 77; }
mpirun --version | grep -q 'Open MPI' || { echo "skipped: mpirun is not Open MPI's" && exit 77; }
mpicc -O1 -o "$work/train" "$(dirname "$0")/../fixtures/mpi/train.c" -lm 2>"$work/mpicc.log" ||
        { echo "skipped: mpicc does not compile (package libopenmpi-dev)" && exit 77; }

# Two nodes on one host have the same name and processes of the same numbers: not over shared memory. Nobody else shall reach it.
export OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1 TMPDIR=$work
# Here the daemons of all nodes run on one host, and would race to make one folder for the session: each gets its own.
# shellcheck disable=SC2016 # for the shell at the other end
export OMPI_MCA_orte_launch_agent='env TMPDIR=$(mktemp -d -p '"$work"') orted'
steps=120

rate=1 watts=50
printf '%s\n' time,price_eur_per_mwh 2025-06-10T11:00:00Z,80 2025-06-11T11:00:00Z,80 >"$work/prices.csv"
write_fast_hall 1s 2
for node in n2 n3; do sed "s/n1/$node/g" "$work/n1.yaml" >"$work/$node.yaml"; done
start_daemon
for node in n1 n2 n3; do start_agent $node; done
wait_nodes 3

ask() { # ask JOB FILTER
        offpeak show "$1" --json | jq -r ".job.$2"
}

losses() { # losses FILE
        grep '^step ' "$1"
}

wait_for_step() { # wait_for_step STEP
        for _ in $(seq 600); do
                grep -q "^step $1 " "$work/job.out" 2>/dev/null && return
                sleep 0.1
        done
        fail "step $1 does not come: $(tail -n 30 "$work/job.out")"
}

mkdir "$work/straight" "$work/ckpt"
OFFPEAK_CHECKPOINT_DIR=$work/straight mpirun --oversubscribe -n 4 "$work/train" $steps 0 >"$work/straight.out" 2>&1 ||
        fail "the run that nobody disturbs: $(cat "$work/straight.out")"
[ "$(losses "$work/straight.out" | wc -l)" = $steps ] || fail "it does not train: $(cat "$work/straight.out")"

job=$(offpeak submit --parsable -D "$work" -N 2 --gpus-per-node 2 -t 1m --launcher head --signal USR1@40 -o job.out \
        --checkpoint-dir "$work/ckpt" -- mpirun "$work/train" $steps 50)
wait_for_step 20
first=$(ask "$job" 'attempt.legs[0].node') second=$(ask "$job" 'attempt.legs[1].node')
for leg in "$work"/n?/legs/"$job".1; do # each rank's environment is that of its leg, and so is its namespace or cgroup
        [ "$(grep -lzsx "OFFPEAK_PROGRESS=$leg/progress" /proc/[0-9]*/environ | while read -r file; do
                tr '\0' ' ' <"${file%environ}cmdline" 2>/dev/null | grep -c "^$work/train"
        done | grep -c 1)" = 2 ] || fail "not two ranks in $leg"
done
offpeak hold "$job" >/dev/null || fail "no hold"
for _ in $(seq 400); do
        [ "$(ask "$job" state)" = queued ] && break
        sleep 0.1
done
[ "$(ask "$job" 'attempt.legs | map([.ended_how, .killed] | map(tostring) | join(" ")) | join(", ")')" = \
        "asked false, asked false" ] || fail "it did not stop by itself: $(offpeak show "$job" --json)"
stopped=$(losses "$work/job.out" | tail -n 1 | cut -d ' ' -f 2)
[ "$stopped" -lt $steps ] || fail "the stop came too late to be a test"
[ "$(grep -lzsx "OFFPEAK_STOP_FILE=$work/n./legs/$job\.1/stop" /proc/[0-9]*/environ | wc -l)" = 0 ] || fail "something of the job is left"

offpeak drain "$first" --reason test >/dev/null || fail "no drain"
offpeak release "$job" >/dev/null || fail "no release"
wait_done "$job"
[ "$(ask "$job" attempts)" = 2 ] || fail "attempts: $(offpeak show "$job")"
[ "$(ask "$job" "attempt.legs | map(.node) | index(\"$first\")")" = null ] || fail "it is on $first again"
[ "$(losses "$work/job.out")" = "$(losses "$work/straight.out")" ] ||
        fail "the losses are others: $(diff "$work/job.out" "$work/straight.out")"
echo "stopped after step $stopped on $first and $second, went on on $(ask "$job" 'attempt.legs | map(.node) | join(" and ")')"
losses "$work/job.out" | sed -n "1p;${stopped}p;$((stopped + 1))p;\$p"
