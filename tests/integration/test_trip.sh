#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_trip - a reactor's trip, pushed to a real scheduler whose planner would not look again for an hour: the job that runs
# pauses within seconds and says why, stays paused over a kill -9 of the scheduler, and goes on when the reactor is back.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig trip

cat >"$work/offpeakd.yaml" <<YAML
listen: ["ipc://$work/d.sock"]
state_dir: $work/state
planner: {interval: 1h}
sites:
  - name: hall
    currency: EUR
    grid: {limit: 500 W}
    reactor: {fuel_cost_per_mwh: 6, units: [{name: a, rating: 100 kW}]}
classes:
  - {name: default, min_run: 0, start_cost: 0, stop_grace: 2s, lease: 6s, delay_cost_per_gpu_hour: 1}
YAML
cat >"$work/n1.yaml" <<YAML
server: "ipc://$work/d.sock"
node: n1-$$
site: hall
state_dir: $work/n1
devices: {kind: cpu-slot, count: 2}
power: {idle: 200 W, per_device: 1 kW}
YAML

job=1
state() {
        offpeak show "$job" --json | jq -r '.job.state'
}

# wait_for STATE SECONDS
wait_for() {
        local seen
        for _ in $(seq $(($2 * 10))); do
                seen=$(state)
                [ "$seen" = "$1" ] && return 0
                sleep 0.1
        done
        fail "the job is $seen, not $1, after $2 s"
}

start_daemon
start_agent n1
for _ in $(seq 100); do
        [ "$(offpeak nodes --json | jq '.nodes | length')" = 1 ] && break
        sleep 0.05
done
offpeak submit --gpus 1 -t 1h -D "$work" --env OFFPEAK_TEST=$token -- sleep 3600 >/dev/null || fail "not submitted"
wait_for active 20

said=$(offpeak push capacity 0 MW --site hall --for 2h --source trip --seq 1) || fail "not pushed"
case "$said" in "capacity of hall: 0 W until "*"; then nothing is published") ;; *) fail "said: $said" ;; esac
wait_for queued 20
grep -q "pauses: power is short: 1.2.* kW drawn, 500 W allowed (capacity)" "$work/offpeakd.log" || fail "the log does not say why it paused"

# told NAME WANTED: what show --json has there of the last pause
told() {
        local seen
        seen=$(offpeak show 1 --json | jq -r ".job.last_pause.$1")
        [ "$seen" = "$2" ] || fail "its last pause has $1 $seen, not $2"
}
told cause power
told limit_w 500
told signal capacity
told signal_use pushed
offpeak explain 1 | grep -q "it was paused .*, because the site may draw 500 W (capacity, pushed) and drew 1.2" ||
        fail "explain says: $(offpeak explain 1)"
offpeak show 1 | grep -q "^  paused .*because the site may draw 500 W" || fail "show says: $(offpeak show 1)"
offpeak jobs | grep -q "paused.* power " || fail "jobs says: $(offpeak jobs)"

kill -KILL $daemon
wait $daemon 2>/dev/null
start_daemon
[ "$(offpeak price --json | jq '[.sites[0].series[] | select(.kind == "capacity")][0].now_w')" = 0 ] ||
        fail "the push was forgotten"
offpeak push capacity 0 MW --site hall --for 2h --source trip --seq 1 | grep -q "taken before" || fail "its number was forgotten"
sleep 1
[ "$(state)" = queued ] || fail "the job runs without power"
told cause power
told limit_w 500

offpeak push capacity 100 kW --site hall --for 2h --source trip --seq 2 >/dev/null || fail "the second push was refused"
wait_for active 30
told attempt 1
offpeak show 1 | grep -q "^  last paused " || fail "show forgot why it was paused: $(offpeak show 1)"
offpeak push capacity 90 kW --site hall --seq 2 --source trip 2>"$work/refusal"
[ $? -eq 65 ] || fail "a number that was used is taken"
grep -q "already sent number 2" "$work/refusal" || fail "said: $(cat "$work/refusal")"
offpeak cancel 1 >/dev/null || fail "not cancelled"
wait_for cancelled 20

# A job that a trip stops and that ends well afterwards: who runs at once did not foresee it either.
job=$(offpeak submit --parsable --gpus 1 -t 1m -D "$work" --env OFFPEAK_TEST=$token -- sleep 8) || fail "not submitted"
wait_for active 20
sleep 2
offpeak push capacity 0 MW --site hall --for 2h --source trip --seq 3 >/dev/null || fail "not pushed"
wait_for queued 20
sleep 2
offpeak push capacity 100 kW --site hall --for 2h --source trip --seq 4 >/dev/null || fail "not pushed"
wait_for done 30
sleep 1.5 # a report tells of what has ended before it
[ "$(offpeak report --json | jq '.reports[0].run_now_cuts')" -ge 1 ] || fail "running at once foresaw the trip: $(offpeak report)"
offpeak report | grep -q "^run at once  knows no limit beforehand: it was cut " || fail "the report says: $(offpeak report)"
echo "passed"
