#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_policy_try - jobs run by a real scheduler on a clock 600 times too fast, then the same time under other policies: one that
# is the same, one that does not wait, one that lacks the class and the site of the past.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig try
rate=600
watts=1000

# Two cheap hours, twelve seconds here, so that a slow machine has room for a job begun twice.
cat >"$work/prices.csv" <<'CSV'
time,price_eur_per_mwh
2025-06-10T11:00:00Z,120
2025-06-10T12:00:00Z,-5
2025-06-10T13:00:00Z,-5
CSV
for hour in $(seq 14 23); do echo "2025-06-10T$hour:00:00Z,140" >>"$work/prices.csv"; done
cat >"$work/offpeakd.yaml" <<YAML
listen: ["$OFFPEAK_SERVER"]
state_dir: $work/state
clock: {start: 2025-06-10T11:00:00Z, rate: $rate}
sites:
  - {name: hall, currency: EUR, grid: {price: prices.csv, limit: 100 kW}}
classes:
  - {name: default, min_run: 5m, start_cost: 0s, stop_grace: 5s, lease: 6s}
  - {name: patient, min_run: 5m, start_cost: 1m, stop_grace: 5s, lease: 6s, max_delay: 2h, delay_cost_per_gpu_hour: 0}
YAML
cat >"$work/n1.yaml" <<YAML
server: "$OFFPEAK_SERVER"
node: n1-$$
site: hall
state_dir: $work/n1
devices: {kind: cpu-slot, count: 2}
power: {idle: 200 W, per_device: $watts W}
YAML

# field POLICY KEY: of the document in $work/try.json.
field() {
        jq -r ".policies[] | select(.name == \"$1\").$2" "$work/try.json"
}

# check EXPRESSION: of awk, a number each.
check() {
        awk "BEGIN { exit !($1) }" || fail "$1: $(cat "$work/try.json")"
}

submit() {
        offpeak submit --parsable "$@" -o "$work/%j.out" -- /bin/sleep 3.9 || fail "a job was not taken"
}

start_daemon
start_agent n1
ids=("$(submit --class patient -t 40m --gpus 1)" "$(submit --class patient -t 40m --gpus 1)")
lost=$(offpeak submit --parsable --class patient -t 40m --gpus 1 -o "$work/lost.out" -- /bin/false)
for _ in $(seq 300); do
        done=$(offpeak jobs --all --json | jq '[.jobs[] | select(.state == "done")] | length')
        [ "$done" = 2 ] && break
        sleep 0.1
done
[ "$done" = 2 ] || fail "of ${ids[*]} $done are done"
sleep 1 # the meter's last reading

# ---- the same policy
offpeak policy try "$work/offpeakd.yaml" --replay 1d --json >"$work/try.json" || fail "the same policy"
offpeak policy try "$work/offpeakd.yaml" --replay 1d >"$work/said.log" || fail "the same policy, for people"
offpeak report --json --from 2025-06-10T00:00:00Z >"$work/report.json" || fail "report"
cat "$work/said.log"
jq -e --argjson lost "$lost" '.schema == "offpeak.policy_try/1" and .jobs == 2 and .gpus == 2 and (.remarks | length) == 0 and
        ([.findings[] | select(.left_out)] | length) == 1 and .findings[0].count == 1 and .findings[0].first_job == $lost and
        ([.policies[].name] == ["actual", "in_force", "new", "run_now"])' "$work/try.json" >/dev/null || fail "$(cat "$work/try.json")"
# What happened is what the books have: no PUE, so nothing but rounding and seams lies between.
books=$(jq --argjson lost "$lost" '[.reports[0].jobs[] | select(.id != $lost).cost_micro] | add / 1e6' "$work/report.json")
energy=$(jq --argjson lost "$lost" '[.reports[0].jobs[] | select(.id != $lost).energy_j] | add / 3.6e9' "$work/report.json")
check "($(field actual cost) - $books) ^ 2 < 0.002 ^ 2"
check "($(field actual energy_mwh) - $energy) ^ 2 < (0.05 * $energy) ^ 2" # a job that was stopped in between: seconds are minutes here
check "$(jq '.booked.cost_micro / 1e6' "$work/try.json") == $books"
# The same policy twice is the same twice. Jobs as patient as these run in the cheap hours, and at once they do not.
[ "$(field in_force cost)" = "$(field new cost)" ] || fail "the same policy costs something else"
jq -e '.change.cost == 0 and .change.mean_delay_h == 0' "$work/try.json" >/dev/null || fail "a change"
check "$(field actual cost) < 0 && $(field new cost) < 0 && $(field run_now cost) > 0.1"
check "$(field actual mean_delay_h) > 0.3 && $(field run_now mean_delay_h) < 0.1"
check "($(field new energy_mwh) - $(field actual energy_mwh)) ^ 2 < (0.05 * $energy) ^ 2"

# ---- one that does not wait
sed 's/max_delay: 2h, delay_cost_per_gpu_hour: 0/max_delay: 2h, delay_cost_per_gpu_hour: 100/' "$work/offpeakd.yaml" >"$work/hasty.yaml"
offpeak policy try "$work/hasty.yaml" --replay 1d >"$work/said.log" || fail "the hasty policy, for people"
grep -q '^hasty.yaml against the policy in force, both replayed: +0\.[1-9]' "$work/said.log" || fail "$(cat "$work/said.log")"
offpeak policy try "$work/hasty.yaml" --replay 1d --json >"$work/try.json" || fail "the hasty policy"
check "$(field new cost) > 0.1 && $(field new mean_delay_h) < 0.1 && $(field in_force cost) < 0"
check "($(jq .change.cost "$work/try.json") - $(field new cost) + $(field in_force cost)) ^ 2 < 1e-12"
jq -e '[.remarks[] | select(test("class patient has another delay_cost"))] | length == 1' "$work/try.json" >/dev/null || fail "no word of the delay cost"

# ---- one without the class: its jobs go by default; one without the site: nothing to try it on
sed '/name: patient/d' "$work/offpeakd.yaml" >"$work/classless.yaml"
offpeak policy try "$work/classless.yaml" --replay 1d >"$work/said.log" || fail "the policy without the class"
grep -q 'class patient is not in .*classless.yaml: its jobs, 2 here, go by class default' "$work/said.log" || fail "$(cat "$work/said.log")"
sed 's/name: hall/name: yard/' "$work/offpeakd.yaml" >"$work/elsewhere.yaml"
offpeak policy try "$work/elsewhere.yaml" --replay 1d >"$work/said.log" 2>&1
[ $? = 66 ] || fail "a policy for another site: $(cat "$work/said.log")"
grep -q 'no site that the cluster has.*(hall)' "$work/said.log" || fail "$(cat "$work/said.log")"
offpeak policy try "$work/offpeakd.yaml" --replay 1m >"$work/said.log" 2>&1
[ $? = 66 ] && grep -q 'longer --replay' "$work/said.log" || fail "a minute: $(cat "$work/said.log")"
kill "$daemon"
wait "$daemon"
