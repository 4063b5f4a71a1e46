#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_caps_planned - a plan's power caps on scripted cards: a job begins under the cap that its dear hour calls for, goes on
# without one when power gets cheap, is capped anew, keeps its cap over the death of its agent, and the cards are as they were when it has
# ended. All of it is one attempt; what its card drew under each is in its profile.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig planned
. "$(dirname "$0")/gpu_rig.sh"

# 3 x 0.7 kW at 1,000 an MWh are 2.1 an hour, a GPU-hour of waiting 1: at 0.55 of the limit the hour costs 0.82 less and 0.48 of
# waiting. At 5 an MWh no cap is worth its while, and stopping never is.
dear() {
        offpeak push price 1000EUR/MWh --site hall --for 1h >/dev/null || fail "the price was not taken"
}

cheap() {
        offpeak push price 5EUR/MWh --site hall --for 1h >/dev/null || fail "the price was not taken"
}

job_is() {
        offpeak show 1 --json | jq -e ".job | $1" >/dev/null
}

main() {
        local hour
        echo 'time,price_eur_per_mwh' >"$work/prices.csv"
        for hour in $(seq -24 72); do
                date -u -d "@$(($(date +%s) + hour * 3600))" +%Y-%m-%dT%H:00:00Z,5
        done >>"$work/prices.csv"
        write_gpu_hall '{price: prices.csv, limit: 100 kW}' '' 'delay_cost_per_gpu_hour: 1, cap_floor: 0.55'
        sed -i 's/start_cost: 0s/start_cost: 20s/' "$work/offpeakd.yaml" # where starts are free, a plan may stop for a second
        start_daemon
        start_agent n1
        until_true 10 node_is '.status == "up"'
        node_is '.devices | map(.least_w) == [200, 200, 200]' || fail "the cards' lowest limits are not told"
        dear
        offpeak submit --gpus 3 -t 4h -J capped -D "$work" --env OFFPEAK_TEST="$token" -- /bin/bash -c \
                "touch $work/on; echo 0 100 >>\$OFFPEAK_PROGRESS; while [ ! -e $work/end ]; do sleep 0.05; done" >/dev/null ||
                fail "it was not taken"
        until_true 20 test -e "$work/on"
        until_true 60 limits_are 385000 385000 385000
        job_is '.cap == 0.55' || fail "its cap is not told"
        offpeak show 1 | grep -q 'capped at 55 % of their limit' || fail "its cap is not shown"
        cheap # its start is run under the lowest cap all the same
        until_true 60 limits_are 700000 700000 700000
        job_is '.cap == null and .attempts == 1' || fail "it was not simply let go"
        dear
        until_true 60 limits_are 385000 385000 385000

        # The agent dies. Power gets cheap meanwhile; the next agent is told so, though it never capped anything itself.
        kill -KILL $agent && wait $agent 2>/dev/null
        cheap
        sleep 1
        limits_are 385000 385000 385000 || fail "somebody changed the cap: $(cat "$work/cards.limits")"
        start_agent n1
        until_true 60 limits_are 700000 700000 700000

        # What its cards draw under a cap is told apart from what they draw without, and teaches.
        sleep 22 # its start is over by then
        dear
        until_true 60 limits_are 385000 385000 385000
        say '* energy 2000000'
        sleep 5
        cheap
        until_true 60 limits_are 700000 700000 700000
        until_true 30 sh -c "'$build/cli/offpeak' profile 1 --json | jq -e '.profiles[0] | .name == \"capped\" and
                (.modes | map(select(.cap == 0.55 and .measured.metered_s >= 4 and .measured.power_w > 0)) | length == 1)' >/dev/null"
        offpeak profile | grep -q '^capped  (class default, user' || fail "profile shows otherwise: $(offpeak profile)"
        dear
        until_true 60 limits_are 385000 385000 385000

        # Cards that refuse are asked again: nobody takes a cap for put that is not.
        cheap
        until_true 60 limits_are 700000 700000 700000
        say '* fault denied'
        dear
        until_true 20 logged 'runs without a power cap'
        limits_are 700000 700000 700000 || fail "it was not denied"
        say '* fault good'
        until_true 60 limits_are 385000 385000 385000
        touch "$work/end"
        until_true 20 is_done capped
        until_true 5 limits_are 700000 700000 700000
        [ "$(offpeak show 1 --json | jq .job.attempts)" = 1 ] || fail "it was begun more than once"
}

main
