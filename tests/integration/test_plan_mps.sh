#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_plan_mps.sh - small instances as MILPs, solved by CBC: no bound above a proven optimum, and plans near it or below
# (the program may only run whole slots).
set -euo pipefail

for need in cbc jq; do
        command -v $need >/dev/null || { echo "skipped: $need is not installed" && exit 77; }
done
bench=$OFFPEAK_BUILD/tests/bench/plan_bench
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

compared=0 worst=0
for kind in loose tight reactor peak sites; do
        for seed in 1 2 3; do
                plan=$("$bench" --kind $kind --jobs 10 --slots 24 --seed $seed --generated --mps "$folder/i.mps")
                cbc "$folder/i.mps" sec 5 solve -quit >"$folder/cbc.log" 2>&1
                grep -q 'read with 0 errors' "$folder/cbc.log" || { cat "$folder/cbc.log" && exit 1; }
                grep -q 'Result - Optimal' "$folder/cbc.log" || continue
                best=$(awk '/^Objective value:/ { printf "%.12g", $3 / 1000 }' "$folder/cbc.log")
                jq -e --argjson best "$best" '.bound <= $best + 1e-6 * ($best | fabs) and .late == 0' >/dev/null <<<"$plan" ||
                        { echo "$kind, seed $seed: CBC proves $best, the planner says $plan" && exit 1; }
                over=$(jq --argjson best "$best" '100 * (.cost - $best) / ($best | fabs)' <<<"$plan")
                worst=$(jq -n "[$worst, $over] | max")
                compared=$((compared + 1))
        done
done
printf '%d instances, the worst plan %.2f %% above the optimum of whole slots\n' $compared "$worst"
[ $compared -ge 9 ]
jq -en "$worst < 10" >/dev/null
