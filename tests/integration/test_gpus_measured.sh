#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_gpus_measured - a real scheduler, agent and jobs on the GPUs of a made-up machine, whose library is our own
# (tests/fake/nvml): jobs see their cards by UUID, and the books have, to the joule, what the cards' counters said, over an absence of
# the scheduler, a card that is lost under its job, and a driver that hangs.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig gpus
. "$(dirname "$0")/gpu_rig.sh"

write_files() {
        echo 'time,price_eur_per_mwh' >"$work/prices.csv"
        for hour in $(seq -24 48); do
                date -u -d "@$(($(date +%s) + hour * 3600))" +%Y-%m-%dT%H:00:00Z,50
        done >>"$work/prices.csv"
        write_gpu_hall '{price: prices.csv, limit: 100 kW}'
        say '* max 20000000' # their counters go in leaps here, which of a smaller card nobody would believe
        # It says which card it has, and ends when it is let go.
        cat >"$work/job.sh" <<'SH'
echo "$CUDA_VISIBLE_DEVICES" >"$1.card"
while [ ! -e "$1.end" ]; do sleep 0.05; done
SH
}

# submit NAME: a job on one GPU; waits until it runs.
submit() {
        offpeak submit --gpus 1 -t 1h -J "$1" -D "$work" --env OFFPEAK_TEST="$token" -- /bin/bash "$work/job.sh" "$work/$1" >/dev/null ||
                fail "$1 was not taken"
        until_true 20 test -s "$work/$1.card"
        card_of "$1" >/dev/null || fail "$1 has no card: $(cat "$work/$1.card")"
}

job_joules() {
        offpeak jobs --all --json | jq -r ".jobs[] | select(.name == \"$1\").energy_j"
}

# The agent reads once a second.
pass() {
        sleep 2.2
}

# expect NAME JOULES. A joule may lie in the rest of a stretch, with the idle node. Where RAPL can be read, processors come on top.
expect() {
        local actual
        actual=$(job_joules "$1")
        echo "$1: $actual J in the books, $2 J by its card"
        if [ -r /sys/class/powercap/intel-rapl:0/energy_uj ]; then
                [ "$actual" -ge $(($2 - 1)) ] || fail "$1 has less than its card drew"
        else
                [ "$actual" -le "$2" ] && [ "$actual" -ge $(($2 - 1)) ] || fail "$1 has $actual J, and its card drew $2 J"
        fi
}

main() {
        local a b
        write_files
        start_daemon
        start_agent n1
        until_true 10 sh -c "'$build/cli/offpeak' nodes --json | jq -e '.nodes | length == 1' >/dev/null"
        offpeak nodes --json | jq -e '.nodes[0] | .power_quality == "measured" and .gpus == 3 and (.devices | map(.max_w) == [700, 700, 700])' \
                >/dev/null || fail "the node is told otherwise: $(offpeak nodes --json)"
        "$build/agent/offpeak-agent" --config "$work/n1.yaml" --check --json >"$work/checked" || fail "the configuration is refused"
        jq -e '.schema == "offpeak.agent_check/1" and .kind == "gpu" and ([.devices[].card.uuid] | unique | length) == 3 and
                all(.devices[].card; .driver == "nvml" and .model == "Test GPU" and .limit_w == 700 and .least_w == 200 and .power_w == 60 and
                .energy == "counter" and .lost == false and .wrong == null) and (.isolation.kept | test("processes"))' \
                "$work/checked" >/dev/null || fail "the check says $(cat "$work/checked")"
        submit a
        submit b
        a=$(card_of a) b=$(card_of b)
        [ "$a" != "$b" ] || fail "both have $a"
        pass
        say "$a energy 6000000" "$b energy 4000000"  # +5,000 J, +3,000 J
        pass
        # Nobody asks for the readings for a while; they wait.
        kill -KILL "$daemon" && wait "$daemon" 2>/dev/null
        say "$a energy 8500000"                      # +2,500 J
        pass
        say "$a energy 9000000" "$b fault lost"      # +500 J; what b draws from here nobody knows
        pass
        start_daemon
        until_true 10 logged "a GPU is lost: $b"
        say "$a fault hang"
        until_true 10 logged "does not come back from a call"
        say "$a fault good" "$a energy 9250000"      # +250 J, which come with the next reading
        until_true 10 logged "the GPUs' driver answers again"
        pass
        touch "$work/a.end" "$work/b.end"
        until_true 20 is_done a
        until_true 20 is_done b
        expect a 8250
        expect b 3000
        # A job that needs the lost card waits; once the card is back it runs.
        until_true 10 node_is '.status == "up" and .gpus_free == 2 and .gpus_withheld == 1'
        offpeak submit --gpus 3 -t 1h -J c -D "$work" --env OFFPEAK_TEST="$token" -- /bin/bash "$work/job.sh" "$work/c" >/dev/null ||
                fail "c was not taken"
        sleep 1
        [ ! -e "$work/c.card" ] || fail "c has begun on $(cat "$work/c.card")"
        say "$b fault good"
        until_true 30 test -s "$work/c.card"
        grep -qx 'GPU-0000:04:00.0,GPU-0000:81:00.0,GPU-0000:82:00.0' "$work/c.card" || fail "c has other cards: $(cat "$work/c.card")"
        touch "$work/c.end"
        until_true 20 is_done c
        grep -c "^a GPU is lost" "$work/n1.log" | grep -qx 1 || fail "the loss was not told once: $(cat "$work/n1.log")"
}

main
