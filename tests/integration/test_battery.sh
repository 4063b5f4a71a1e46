#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_battery - a site with a battery under a real scheduler on a clock 600 times too fast: how much is in it is pushed, a
# cheap hour charges it, dear hours run on it, and the report tells where every joule came from and went, over a kill -9 too.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig battery

cat >"$work/prices.csv" <<'CSV'
time,price_eur_per_mwh
2025-06-10T11:00:00Z,5
2025-06-10T12:00:00Z,300
2025-06-10T13:00:00Z,300
2025-06-10T14:00:00Z,300
2025-06-10T15:00:00Z,300
2025-06-10T16:00:00Z,300
2025-06-10T17:00:00Z,300
2025-06-10T18:00:00Z,300
2025-06-10T19:00:00Z,300
2025-06-10T20:00:00Z,300
2025-06-10T21:00:00Z,300
2025-06-10T22:00:00Z,300
2025-06-10T23:00:00Z,300
CSV
cat >"$work/offpeakd.yaml" <<YAML
listen: ["ipc://$work/d.sock"]
state_dir: $work/state
clock: {start: 2025-06-10T11:00:00Z, rate: 600}
sites:
  - name: hall
    currency: EUR
    grid: {price: prices.csv, limit: 100 kW}
    battery: {energy: 20 kWh, power: 4 kW, efficiency: 0.81, reserve: 1 kWh}
classes:
  - {name: default, interruptible: false, start_cost: 0s, stop_grace: 5s, lease: 6s}
YAML
cat >"$work/n1.yaml" <<YAML
server: "ipc://$work/d.sock"
node: n1-$$
site: hall
state_dir: $work/n1
devices: {kind: cpu-slot, count: 2}
power: {idle: 200 W, per_device: 1 kW}
YAML

# store FILTER: of the site's store in the report of all time
store() {
        offpeak report --json --from 2025-06-10T00:00:00Z | jq ".reports[0].supplied[0].store | $1"
}

# Joules to the joule: what the sources gave is what was drawn, lost and stored; what went into the store is out or in it.
check_closed() {
        offpeak report --json --from 2025-06-10T00:00:00Z >"$work/report.json" || fail "no report"
        jq -e '.reports[0] as $r | $r.supplied[0] as $s | $s.store as $b |
               ([$s.units[] | select(.unit != "store") | .energy_j] | add) as $sources |
               ([$r.accounts[] | .energy_j] | add) == $sources + $b.opened_with_j and
               $b.opened_with_j + $b.charged_j == $b.given_j + $b.lost_j + $b.held_j and
               ([$s.units[] | select(.unit == "store") | .energy_j] | add) == $b.given_j and
               $r.accounts.loss.energy_j == $b.lost_j and $r.accounts.storage.energy_j == $b.held_j and
               $r.accounts.storage.cost_micro == $b.held_cost_micro' "$work/report.json" >/dev/null ||
                fail "$1: energy does not add up: $(jq -c '.reports[0] | .accounts, .supplied' "$work/report.json")"
}

# check_picture FILE WORD...: it is XML, and these words are in it.
check_picture() {
        local file=$1 word
        [ -s "$file" ] || fail "no $file"
        if command -v xmllint >/dev/null; then
                xmllint --noout --nonet "$file" || fail "$file is not XML"
        fi
        shift
        for word in "$@"; do
                grep -qF ">$word<" "$file" || fail "no \"$word\" in $file"
        done
}

start_daemon
said=$(offpeak push stored "3 kWh" --site hall --for 24h) || fail "not pushed"
case "$said" in "stored of hall: 3.0 kWh until "*) ;; *) fail "said: $said" ;; esac
[ "$(store .held_j)" = 10800000 ] && [ "$(store .held_unpriced_j)" = 10800000 ] || fail "its books are not open: $(store .)"
start_agent n1
# 150 minutes by this clock are 15 s: it ends with a dear hour and a half behind it.
id=$(offpeak submit --parsable -t 150m --gpus 1 --deadline 2025-06-10T14:30:00Z -D "$work" -- sleep 15) || fail "not taken"
for _ in $(seq 450); do
        job=$(offpeak jobs --all --json | jq -r ".jobs[] | select(.id == $id).state")
        [ "$job" = done ] && break
        [ "$job" = failed ] && fail "the job failed"
        sleep 0.1
done
[ "$job" = done ] || fail "the job is $job"
check_closed "after the job"
jq -e '.reports[0].supplied[0].store | .charged_j > 0 and .given_j > 0 and .lost_j > 0' "$work/report.json" >/dev/null ||
        fail "nothing went through the store: $(store .)"

# Pictures of it: who supplied it stands in them, and what they are made of is what the units say, to half a watt a step.
offpeak report --json --from 2025-06-10T11:00:00Z --svg "$work/report.svg" >"$work/steps.json" || fail "no picture of the report"
check_picture "$work/report.svg" load kW store grid "$id sleep" price EUR/MWh
jq -e '.reports[0].supplied[0] as $s | [$s.units[].energy_j] | add as $units |
       ([$s.steps[] | select(.power_w != null) | .power_w * ((.end_utc | fromdate) - (.start_utc | fromdate))] | add) as $drawn |
       ([$s.steps[] | (.end_utc | fromdate) - (.start_utc | fromdate)] | add) as $seconds |
       ($drawn - $units | fabs) <= $seconds / 2' "$work/steps.json" >/dev/null ||
        fail "the steps are not what was supplied: $(jq -c '.reports[0].supplied[0]' "$work/steps.json")"
offpeak plan --last 4h --svg "$work/plan.svg" >"$work/plan.txt" || fail "no picture of the plan"
grep -q 'EUR/MWh' "$work/plan.txt" || fail "the picture took the text's place"
check_picture "$work/plan.svg" load kW grid "limit above this: 100 kW" "$id sleep" forecast
offpeak plan --svg - >"$work/output.svg" && check_picture "$work/output.svg" load price
offpeak plan --svg "$work/no/plan.svg" 2>"$work/said"
[ $? = 66 ] && grep -q "no/plan.svg: cannot be written.*make its folder first" "$work/said" || fail "said: $(cat "$work/said")"

# Half a kWh less is there than the books have: a loss.
lost=$(store .lost_j)
level=$(($(store .held_j) / 3600 - 500))
offpeak push stored "$level Wh" --site hall --for 24h >/dev/null || fail "the second level was refused"
more=$(($(store .lost_j) - lost))
[ $more -gt 1400000 ] && [ $more -lt 2600000 ] || fail "$more J more are lost, not half a kWh and what was on its way"
check_closed "after a stock-taking"
offpeak report --from 2025-06-10T00:00:00Z >"$work/report" || fail "no report"
# What the report calls all power is what the sources gave and what was in the store at first; its nodes idled on in between.
all=$(jq -r '.reports[0].supplied[0] | ([.units[] | select(.unit != "store") | .energy_j] | add) + .store.opened_with_j | . / 3600000' \
        "$work/report.json")
sed -nE 's/^all power    ([0-9.]+) kWh, [0-9.]+ EUR: job .*/\1/p' "$work/report" | awk -v all="$all" '{ n++ } $1 < all - 0.1 || $1 > all + 0.5 { n = 0 }
        END { exit n != 1 }' || fail "not $all kWh: $(cat "$work/report")"
grep -q '^supplied     hall: .*store .*; store: charged with .*, lost .*, holds ' "$work/report" || fail "$(cat "$work/report")"

kill -KILL $daemon
wait $daemon 2>/dev/null
start_daemon
check_closed "after a kill"
[ "$(store .lost_j)" -ge $((lost + more)) ] || fail "a loss was forgotten"
grep supplied "$work/report"
echo "passed"
