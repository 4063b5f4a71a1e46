#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_gpu_lost - a card falls off the bus under its job: the job's death is the card's fault, and it goes on on another one; the node
# stays in use, `offpeak nodes` says why it has a card less, and the card comes back by itself. The second time it stays away until
# an operator resumes the node; over a restart of the scheduler, too.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig gpu-lost
. "$(dirname "$0")/gpu_rig.sh"

# It says which card it has, fails when it is told to, and ends well when it is let go.
write_job() {
        cat >"$work/job.sh" <<'SH'
echo "$CUDA_VISIBLE_DEVICES" >"$1.card"
while [ ! -e "$1.end" ]; do
        if [ -e "$1.fail" ]; then
                rm "$1.fail" "$1.card"
                echo "CUDA error: device unavailable" >&2
                exit 1
        fi
        sleep 0.05
done
SH
}

submit() {
        offpeak submit --parsable --gpus 1 -t 1h -J "$1" -D "$work" --env OFFPEAK_TEST="$token" -- /bin/bash "$work/job.sh" "$work/$1" ||
                fail "$1 was not taken"
}

job_is() {
        offpeak show "$1" --json 2>/dev/null | jq -e ".job | $2" >/dev/null
}

index_of() {
        offpeak nodes --json | jq ".nodes[0].devices[] | select(.address == \"$1\").index"
}

# fall_under JOB ID: its card is lost, and then it dies; it is to be retried on another card. Prints the card.
fall_under() {
        local card other index
        until_true 20 test -s "$work/$1.card"
        card=$(card_of "$1")
        index=$(index_of "$card")
        say "$card fault lost"
        until_true 15 node_is ".devices[$index].unwell.now and .gpus_withheld >= 1"
        touch "$work/$1.fail"
        until_true 30 sh -c "[ ! -e '$work/$1.fail' ] && [ -s '$work/$1.card' ]"
        other=$(card_of "$1")
        [ "$other" != "$card" ] || fail "$1 is again on $card"
        job_is "$2" '.losses >= 1 and .failure.exit_code == 1 and (.failure.last_lines | last) == "CUDA error: device unavailable"' ||
                fail "the failure is told otherwise: $(offpeak show "$2" --json | jq -c .job.failure)"
        node_is ".status == \"up\" and .drain_reason == null and .devices[$index].unwell.failed_attempts == ${3:-1}" ||
                fail "the node is told otherwise: $(offpeak nodes --json)"
        offpeak nodes | grep -q "GPU $index ($card) .*given to no job: .*off the bus" || fail "it is not said why: $(offpeak nodes)"
        echo "$card"
}

main() {
        local id card index
        write_gpu_hall '{limit: 100 kW}' 'power: {idle: 100 W}'
        write_job
        start_daemon
        start_agent n1
        until_true 10 node_is '.status == "up" and .gpus == 3 and .gpus_withheld == 0'
        id=$(submit a)
        card=$(fall_under a "$id") || exit 1
        index=$(index_of "$card")
        offpeak nodes
        say "$card fault good"
        until_true 30 node_is ".devices[$index].unwell == null and .gpus_withheld == 0"
        touch "$work/a.end"
        until_true 20 is_done a
        # The others are busy, so that the next one gets this card.
        for busy in b c d; do
                submit "$busy" >/dev/null
                until_true 20 test -s "$work/$busy.card"
                [ "$(card_of "$busy")" != "$card" ] || break
        done
        id=$(offpeak jobs --json | jq ".jobs[] | select(.name == \"$busy\").id")
        for other in b c d; do
                [ "$other" = "$busy" ] || touch "$work/$other.end"
        done
        card=$(fall_under "$busy" "$id" 2) || exit 1
        say "$card fault good"
        until_true 30 node_is ".devices[$index].unwell | .now == false and .until_resumed"
        offpeak nodes | grep -q "GPU $index ($card) is given to no job: 2 attempts failed on it, until offpeak resume n1-$$" ||
                fail "it is not said that it is kept off: $(offpeak nodes)"
        kill -KILL "$daemon"
        wait "$daemon" 2>/dev/null
        start_daemon
        until_true 20 node_is ".status == \"up\" and .gpus_withheld == 1 and .devices[$index].unwell.until_resumed"
        offpeak resume "n1-$$" || fail "the node cannot be resumed"
        until_true 10 node_is ".gpus_withheld == 0 and .devices[$index].unwell == null"
        touch "$work/$busy.end"
        until_true 20 is_done "$busy"
}

main
