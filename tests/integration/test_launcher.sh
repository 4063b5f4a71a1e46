#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_launcher.sh - a process for each GPU of a gang: who it is told to be, where it writes, which CPUs it has, and how one
# that fails ends the job.
set -u

# shellcheck source=tests/integration/rig.sh
. "$(dirname "$0")/rig.sh"
rig launcher

rate=1 watts=50
printf '%s\n' time,price_eur_per_mwh 2025-06-10T11:00:00Z,80 2025-06-11T11:00:00Z,80 >"$work/prices.csv"
write_fast_hall 1m 2
sed "s/n1/n2/g" "$work/n1.yaml" >"$work/n2.yaml"
start_daemon
start_agent n1
start_agent n2
wait_nodes 2

ask() { # ask JOB FILTER
        offpeak show "$1" --json | jq -r ".job.$2"
}

over() { # over JOB: wait for its end
        for _ in $(seq 450); do
                case $(ask "$1" state) in queued | active) sleep 0.1 ;; *) return ;; esac
        done
        fail "job $1 does not end: $(offpeak show "$1")"
}

# shellcheck disable=SC2016 # for the job's shell
who='echo "$RANK $LOCAL_RANK $WORLD_SIZE $LOCAL_WORLD_SIZE $NODE_RANK $NNODES ${MASTER_ADDR:+addr} ${MASTER_PORT:+port}"'
job=$(offpeak submit --parsable -D "$work" -N 2 --gpus-per-node 2 -t 1m --launcher gpu -o 'out.%n.%r' -- sh -c "$who")
wait_done "$job"
[ "$(cat "$work"/out.*)" = "0 0 4 2 0 2 addr port
1 1 4 2 0 2 addr port
2 0 4 2 1 2 addr port
3 1 4 2 1 2 addr port" ] || fail "ranks: $(tail "$work"/out.*)"
[ "$(ask "$job" launcher)" = gpu ] || fail "the launcher is not shown"
[ "$(ask "$job" stdout_path)" = "$work/out.0.0" ] || fail "the path: $(ask "$job" stdout_path)"
offpeak show "$job" | grep -q 'launcher *gpu' || fail "show: $(offpeak show "$job")"

# shellcheck disable=SC2016
one_fails='touch "$0.$RANK"; while [ ! -e "$0.3" ] || [ ! -e "$0.0" ]; do sleep 0.05; done; [ $RANK != 2 ] || exit 7
           sleep 1000'
job=$(offpeak submit --parsable -D "$work" -N 2 --gpus-per-node 2 -t 1m --launcher gpu -o job.out -- \
        sh -c "$one_fails" "$work/up")
over "$job"
[ "$(ask "$job" state) $(ask "$job" exit_code)" = "failed 7" ] || fail "$(offpeak show "$job")"
grep -q "leg $job.1 exited with status 7 (rank 2)" "$work/n1.log" "$work/n2.log" || fail "nobody says which rank it was"

# shellcheck disable=SC2016
cpus='sed -n "s/^Cpus_allowed_list:[^0-9]*//p" /proc/$$/status; touch "$0.$RANK"
      while [ ! -e "$0.go" ]; do sleep 0.05; done'
job=$(offpeak submit --parsable -D "$work" --gpus 2 -t 1m --launcher gpu -o 'cpus.%r' -- sh -c "$cpus" "$work/bound")
for _ in $(seq 200); do
        [ -e "$work/bound.0" ] && [ -e "$work/bound.1" ] && break
        sleep 0.1
done
near=$(sed -n 's/^near //p' "$work"/n?/legs/"$job".1/local)
touch "$work/bound.go"
wait_done "$job"
[ "$(cat "$work/cpus.0");$(cat "$work/cpus.1")" = "$near" ] ||
        fail "bound to $(cat "$work/cpus.0") and $(cat "$work/cpus.1"), not $near"

job=$(offpeak submit --parsable -D "$work" -N 2 --gpus-per-node 2 -t 1m -o job.out -- sh -c "$who >&2")
wait_done "$job"
[ "$(sort "$work/job.out" | grep -c '^[01] 0 2 1 [01] 2')" = 2 ] || fail "node is not what it was: $(cat "$work/job.out")"
echo "ok"
