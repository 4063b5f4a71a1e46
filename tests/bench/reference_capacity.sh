#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# reference_capacity.sh [OFFPEAK] - published jobs where GPUs are short or restarts cost, as test_reference.sh has no time for: minutes each.
# A line for each: the bound or optimum of ../shared/reference, what the policy came to, how far above, deadlines missed, seconds.
set -uo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
reference=$top/../shared/reference
offpeak=${1:-$top/build/release/cli/offpeak}
work=$(mktemp -d "${TMPDIR:-/tmp}/offpeak-reference.XXXXXX")
trap 'rm -rf "$work"' EXIT
[ -d "$reference" ] || { echo "skipped: there is no $reference" && exit 77; }
gaia=$reference/gaia_au lwa=$reference/lwa_de

# line NAME POLICY FILE PATH OPTIONS...
line() {
        local name=$1 policy=$2 best began=$SECONDS
        best=$(jq "$4 / 1000" "$3/EXPECTED.json")
        shift 4
        "$offpeak" simulate --json --strict -p "$policy" "$@" >"$work/document" || return
        jq -r --arg name "$name" --argjson best "$best" --arg seconds $((SECONDS - began)) '.policies[0] |
                "\($name), \(.name): \($best) kg; \(.carbon_kg) kg, \((.carbon_kg / $best - 1) * 1e5 | round / 1e3) % above; \(.missed_deadlines) late; \($seconds) s"' \
                "$work/document"
}

# slots SECONDS FILE: a restart burns so much; the first start is part of the work
slots() {
        awk -F, -v OFS=, -v n="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "duration_s") column = i; print $0, "start_cost_s"; next }
                { $column -= n; print $0, n }' "$2"
}

for policy in oracle offpeak; do
        for gpus in 48 40 32 24; do
                line "gaia, $gpus GPUs" $policy "$gaia" ".capacity.gpus_$gpus.interruptible_lower_bound.total" \
                        --jobs "$gaia/jobs.csv" --carbon "$gaia/carbon.csv" --gpus $gpus --gpus-per-node $gpus
        done
        for case in next_workday semi_weekly; do
                line "lwa $case, 32 GPUs" $policy "$lwa" ".capacity.$case.gpus_32.optimum_interruptible.total" \
                        --jobs "$lwa/jobs_$case.csv" --carbon "$lwa/carbon.csv" --gpus 32
                for gpus in 45 36 32; do # in one piece: against the best plan that is known, where one is
                        [ "$(jq ".capacity.$case.gpus_$gpus.non_interruptible_best_known" "$lwa/EXPECTED.json")" = null ] ||
                                line "lwa $case in one piece, $gpus GPUs" $policy "$lwa" ".capacity.$case.gpus_$gpus.non_interruptible_best_known.total" \
                                        --jobs "$lwa/jobs_${case}_ni.csv" --carbon "$lwa/carbon.csv" --gpus $gpus --gpus-per-node $gpus
                done
                slots 1800 "$lwa/jobs_$case.csv" >"$work/jobs.csv"
                line "lwa $case, restarts" $policy "$lwa" ".cases.$case.restart_slot_1800s.optimum_interruptible.total" \
                        --jobs "$work/jobs.csv" --carbon "$lwa/carbon.csv" --gpus 128
        done
done
