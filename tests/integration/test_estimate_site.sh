#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_estimate_site - a real scheduler with prices of two days: what `offpeak estimate --site` makes of them, of the contract and of
# the forecast behind them, against the file that the scheduler read.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig estimate

# By hour of day alone: 40, but 15 from 02:00 to 05:00. Two days from midnight on; the clock stands at 12:00 of the second.
{
        echo "time,price_eur_per_mwh"
        for hour in $(seq 0 47); do
                of_day=$((hour % 24))
                price=40
                [ $of_day -ge 2 ] && [ $of_day -lt 5 ] && price=15
                printf '2025-06-%02dT%02d:00:00Z,%d\n' $((10 + hour / 24)) $of_day $price
        done
} >"$work/prices.csv"
sed -e 's/price_eur_per_mwh/carbon_g_per_kwh/' -e 's/,[0-9]*$/,300/' "$work/prices.csv" >"$work/carbon.csv"
cat >"$work/offpeakd.yaml" <<YAML
listen: ["ipc://$work/d.sock"]
state_dir: $work/state
clock: {start: 2025-06-11T12:00:00Z, rate: 1}
sites:
  - name: hall
    currency: EUR
    grid: {price: prices.csv, adder_per_mwh: 10, tax: 0.19, limit: 100 kW, carbon: carbon.csv}
    pue: {factor: 1.25}
classes:
  - {name: default}
YAML
start_daemon

# ask OPTIONS...: the document, in $answer
ask() {
        answer=$(offpeak estimate --json --gpus 80 --gpu-power 10kW --site hall "$@" 2>&1) || fail "estimate $*: $answer"
}

# has EXPRESSION VALUE
has() {
        local got
        got=$(jq -c "$1" <<<"$answer") || fail "$1: $answer"
        [ "$got" = "$2" ] || fail "$1 is $got, not $2"
}

for _ in $(seq 100); do # until the feeds have been read
        offpeak estimate --json --gpus 1 --gpu-power 1kW --hours 1 --site hall 2>/dev/null | jq -e '.carbon' >/dev/null && break
        sleep 0.05
done
ask --hours 1

# 80 x 10 kW x PUE 1.25 are 1 MW: an hour costs (price + adder) x tax
has '.runs[0].total | [.energy_j, .cost_micro, .carbon_mg]' '[3600000000,59500000,300000000]'
has '.pue_ppm' 1250000
has '.runs[0].price_forecast_s' 0

# until 24:00 the file says it; from then on the last day stands in
ask --hours 3
has '.runs[0].starts.lowest | [.start_utc, .cost_micro, .price_forecast_s]' '["2025-06-12T02:00:00Z",89250000,10800]'
has '.runs[0].starts.lowest.saved_micro' 89250000
ask --hours 6 --by 2025-06-12T03:00Z
has '.runs[0].starts.lowest | [.start_utc, .price_forecast_s]' '["2025-06-11T21:00:00Z",10800]'
has '.runs[0].starts.lowest.cost_micro' 327250000 # five hours at 40 and one at 15
text=$(offpeak estimate --gpus 80 --gpu-power 10kW --site hall --hours 6 --by 2025-06-12T03:00Z) || fail "estimate"
grep -q '^cheapest .* 50 %$' <<<"$text" || fail "no half forecast: $text"
said=$(offpeak estimate --gpus 80 --gpu-power 10kW --site hal --hours 6 2>&1) && fail "estimate of no site: $said"
grep -q 'hall' <<<"$said" || fail "no remedy: $said"
exit 0
