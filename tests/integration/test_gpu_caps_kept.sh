#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_gpu_caps_kept - power caps of a real agent's jobs on scripted cards: put while a job has its GPU and put back when it ends, by the
# agent or its shim; by the shim when the agent was killed; by the next agent when everything was killed. A card that refuses does
# no harm.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig caps
. "$(dirname "$0")/gpu_rig.sh"

# submit NAME GPUS: it runs until $work/NAME.end is there, and writes $work/NAME.on when it does.
submit() {
        offpeak submit --gpus "$2" -t 1h -J "$1" -D "$work" --env OFFPEAK_TEST="$token" -- /bin/bash -c \
                "touch $work/$1.on; while [ ! -e $work/$1.end ]; do sleep 0.05; done" >/dev/null || fail "$1 was not taken"
        until_true 20 test -e "$work/$1.on"
}

no_records() {
        [ -z "$(ls "$work/n1/caps" | grep -v '^lock$')" ]
}

shims() {
        grep -lzsF "OFFPEAK_TEST=$token" /proc/[0-9]*/environ | cut -d / -f 3 | while read -r pid; do
                grep -qzs 'offpeak-shim$' "/proc/$pid/cmdline" && echo "$pid"
        done
}

main() {
        write_gpu_hall '{limit: 100 kW}' 'power: {cap: 300 W}'
        start_daemon
        start_agent n1
        until_true 10 sh -c "'$build/cli/offpeak' nodes --json | jq -e '.nodes | length == 1' >/dev/null"

        # In order: capped when the job has begun, put back when it has ended; a card that clamps is told.
        say '0000:82:00.0 clamp 400000'
        submit plain 3
        limits_are 300000 300000 400000 || fail "not capped: $(cat "$work/cards.limits")"
        until_true 5 logged "GPU 0000:82:00.0 is limited to 400 W, which is what it allows"
        touch "$work/plain.end"
        until_true 20 is_done plain
        until_true 5 limits_are 700000 700000 700000
        until_true 5 no_records

        # The agent is dead when the job ends: the shim does it. Then there is an agent again, which is told of the same limit as before.
        submit orphan 1
        limits_are 300000 700000 700000 || fail "not capped: $(cat "$work/cards.limits")"
        kill -KILL $agent && wait $agent 2>/dev/null
        touch "$work/orphan.end"
        until_true 10 limits_are 700000 700000 700000
        until_true 5 no_records
        start_agent n1
        until_true 20 is_done orphan

        # An agent that comes while the cap is in force leaves it, and does not take it for the card's limit.
        submit long 3
        kill -KILL $agent && wait $agent 2>/dev/null
        start_agent n1
        until_true 20 sh -c "'$build/cli/offpeak' nodes --json | jq -e '.nodes[0].status == \"up\"' >/dev/null"
        sleep 2
        limits_are 300000 300000 400000 || fail "the cap of a running job is gone: $(cat "$work/cards.limits")"
        offpeak nodes --json | jq -e '.nodes[0].devices | map(.max_w) == [700, 700, 700]' >/dev/null || fail "a cap is taken for a limit"

        # Everything is killed: the next agent does it.
        # shellcheck disable=SC2046
        kill -KILL $agent $(shims)
        wait $agent 2>/dev/null
        sleep 1
        limits_are 300000 300000 400000 || fail "somebody lives: $(cat "$work/cards.limits")"
        touch "$work/long.end"
        rm "$work/long.on"
        say '* fault denied'
        start_agent n1
        until_true 20 logged "power limit cannot be put back, trying on each minute"
        limits_are 300000 300000 400000 || fail "it was not denied"
        until_true 20 is_done long
        kill -KILL $agent && wait $agent 2>/dev/null
        say '* fault good'
        start_agent n1
        until_true 20 limits_are 700000 700000 700000
        until_true 5 no_records

        # A card that refuses: told once, and the jobs run.
        say '* fault denied'
        : >"$work/n1.log"
        submit refused 1
        submit again 1
        touch "$work/refused.end" "$work/again.end"
        until_true 20 is_done refused
        until_true 20 is_done again
        [ "$(grep -c 'runs without a power cap' "$work/n1.log")" = 1 ] || fail "told otherwise than once: $(cat "$work/n1.log")"
        no_records || fail "a record of nothing is left"
}

main
