#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_reference - `offpeak simulate` on jobs and series of published work, against totals that independent code computed (EXPECTED.json
# of ../shared/reference, where this machine has it: exact optima, what a forecast costs, bounds where GPUs are short).
set -uo pipefail

command -v jq >/dev/null || { echo "skipped: jq is not installed" && exit 77; }
reference=$(cd "$(dirname "$0")/../.." && pwd)/../shared/reference
[ -d "$reference" ] || { echo "skipped: there is no $reference" && exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/offpeak-reference.XXXXXX")
trap 'rm -rf "$work"' EXIT
gaia=$reference/gaia_au lwa=$reference/lwa_de epf=$reference/epf_de
failed=0

# simulate NAME OPTIONS...: its document in $document
simulate() {
        document=$work/$1
        shift
        "${OFFPEAK_BUILD:?}/cli/offpeak" simulate --json --strict "$@" >"$document" || { echo "FAILED: simulate $*" && exit 1; }
}

# expected FILE PATH: a total, in kg where the file has g
expected() {
        jq "(if .unit == \"gCO2e\" then 1000 else 1 end) as \$unit | $2 / \$unit" "$1/EXPECTED.json"
}

# total POLICY: what it came to; all jobs must be done, in time
total() {
        jq --arg name "$1" '.jobs as $jobs | .policies[] | select(.name == $name) |
                if .jobs_done == $jobs and .missed_deadlines == 0 then .cost // .carbon_kg else "not all done in time" end' "$document"
}

# holds WHAT VALUE CONDITION: a jq expression of the value as $v
holds() {
        if jq -en --argjson v "$2" "$3" >/dev/null; then
                echo "ok: $1: $2"
        else
                echo "FAILED: $1: $2 is not what it should be: $3"
                failed=1
        fi
}

# same WHAT VALUE EXPECTED: but for the rounding of series to whole milligrams
same() {
        holds "$1" "$2" "((\$v - $3) | fabs) <= 1e-6 * $3"
}

# near WHAT VALUE OPTIMUM: within 0.5 % of it, and not below it
near() {
        holds "$1" "$2" "\$v >= $3 * (1 - 1e-6) and \$v <= $3 * 1.005"
}

# forecast WHAT VALUE REFERENCE RUN_NOW: it saves as much of run-now as the reference's rule did, but for half a point
forecast() {
        holds "$1" "$2" "\$v <= $3 + 0.005 * $4"
}

# no_worse WHAT VALUE OTHER: whoever knew of all jobs beforehand against who learned of them one by one
no_worse() {
        holds "$1" "$2" "\$v <= $3 * 1.0005"
}

# slots SECONDS FILE: the jobs where a restart burns so much: of the work so much is the first start
slots() {
        awk -F, -v OFS=, -v n="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "duration_s") column = i; print $0, "start_cost_s"; next }
                { $column -= n; print $0, n }' "$2"
}

# ---- South Australia, GAIA's thousand jobs

simulate gaia --jobs "$gaia/jobs.csv" --carbon "$gaia/carbon.csv" --gpus 256 -p offpeak -p oracle -p wait-awhile -p cheapest-window -p carbon-time
same "gaia, run-now" "$(total run-now)" "$(expected "$gaia" .run_now_total)"
same "gaia, the cheapest instants" "$(total wait-awhile)" "$(expected "$gaia" .optimum_interruptible.total)"
same "gaia, the cheapest windows" "$(total cheapest-window)" "$(expected "$gaia" .optimum_non_interruptible.total)"
near "gaia, offpeak" "$(total offpeak)" "$(expected "$gaia" .optimum_interruptible.total)"
near "gaia, the oracle" "$(total oracle)" "$(expected "$gaia" .optimum_interruptible.total)"
no_worse "gaia, the oracle against offpeak" "$(total oracle)" "$(total offpeak)"
holds "gaia, offpeak against what was published" "$(total offpeak)" \
        "\$v < $(expected "$gaia" .run_now_total) * $(jq '[.published_normalised[]] | min' "$gaia/EXPECTED.json")"
simulate gaia_ni --jobs "$gaia/jobs_ni.csv" --carbon "$gaia/carbon.csv" --gpus 256 -p offpeak -p wait-awhile
same "gaia in one piece, by rule" "$(total wait-awhile)" "$(expected "$gaia" .optimum_non_interruptible.total)"
near "gaia in one piece, offpeak" "$(total offpeak)" "$(expected "$gaia" .optimum_non_interruptible.total)"
holds "gaia in one piece, offpeak against what was published" "$(total offpeak)" \
        "\$v < $(expected "$gaia" .run_now_total) * $(jq '.published_normalised | [.NoWait, ."Lowest-Slot", ."Lowest-Window", ."Carbon-Time"] | min' "$gaia/EXPECTED.json")"

# the bound leaves aside that a job's GPUs run together; tests/bench/reference_capacity.sh has 48, 40 and 24, and the scheduler itself
simulate gaia_32 --jobs "$gaia/jobs.csv" --carbon "$gaia/carbon.csv" --gpus 32 --gpus-per-node 32 -p oracle
near "gaia on 32 GPUs, the oracle" "$(total oracle)" "$(expected "$gaia" .capacity.gpus_32.interruptible_lower_bound.total)"

# ---- Germany, a job a day

epf_run_now=$(expected "$epf" .run_now_00_08_total)
simulate epf --jobs "$epf/jobs.csv" --price "$epf/price_actual.csv" --gpus 8 -p offpeak -p wait-awhile
same "epf, run-now" "$(total run-now)" "$epf_run_now"
same "epf, the cheapest instants" "$(total wait-awhile)" "$(expected "$epf" .optimum_interruptible.total)"
near "epf, offpeak" "$(total offpeak)" "$(expected "$epf" .optimum_interruptible.total)"
simulate epf_forecast --jobs "$epf/jobs.csv" --price "$epf/price_actual.csv" --price-forecast "$epf/price_forecast.csv" --gpus 8 -p offpeak -p wait-awhile
same "epf by a forecast, the instants that seemed cheapest" "$(total wait-awhile)" "$(expected "$epf" .by_forecast.DNN.interruptible.total)"
forecast "epf by a forecast, offpeak" "$(total offpeak)" "$(expected "$epf" .by_forecast.DNN.interruptible.total)" "$epf_run_now"
simulate epf_ni --jobs "$epf/jobs_ni.csv" --price "$epf/price_actual.csv" --gpus 8 -p offpeak -p cheapest-window
same "epf in one piece, the cheapest windows" "$(total cheapest-window)" "$(expected "$epf" .optimum_non_interruptible.total)"
near "epf in one piece, offpeak" "$(total offpeak)" "$(expected "$epf" .optimum_non_interruptible.total)"
simulate epf_ni_forecast --jobs "$epf/jobs_ni.csv" --price "$epf/price_actual.csv" --price-forecast "$epf/price_forecast.csv" --gpus 8 -p offpeak -p cheapest-window
same "epf in one piece by a forecast, the windows that seemed cheapest" "$(total cheapest-window)" "$(expected "$epf" .by_forecast.DNN.non_interruptible.total)"
forecast "epf in one piece by a forecast, offpeak" "$(total offpeak)" "$(expected "$epf" .by_forecast.DNN.non_interruptible.total)" "$epf_run_now"

# ---- two a day on the GPUs of one: what comes first to which hours

simulate epf_two --jobs "$epf/jobs_two_a_day.csv" --price "$epf/price_actual.csv" --gpus 8 -p offpeak
same "epf, two a day, run-now" "$(total run-now)" "$(expected "$epf" .capacity.two_a_day_gpus_8.back_to_back_00_16_total)"
near "epf, two a day, offpeak" "$(total offpeak)" "$(expected "$epf" .capacity.two_a_day_gpus_8.optimum_interruptible.total)"
simulate epf_two_ni --jobs "$epf/jobs_two_a_day_ni.csv" --price "$epf/price_actual.csv" --gpus 8 -p offpeak -p oracle
near "epf, two a day in one piece, offpeak" "$(total offpeak)" "$(expected "$epf" .capacity.two_a_day_gpus_8.optimum_non_interruptible.total)"

near "epf, two a day in one piece, the oracle" "$(total oracle)" "$(expected "$epf" .capacity.two_a_day_gpus_8.optimum_non_interruptible.total)"
no_worse "epf, two a day in one piece, the oracle against offpeak" "$(total oracle)" "$(total offpeak)"

# ---- a job a day where each restart burns an hour: nobody here restarts to be paid for it, as the reference may

slots 3600 "$epf/jobs.csv" >"$work/epf_slots.csv"
simulate epf_slots --jobs "$work/epf_slots.csv" --price "$epf/price_actual.csv" --gpus 8 -p offpeak
near "epf with restarts, offpeak" "$(total offpeak)" "$(expected "$epf" .restart_slot_3600s.optimum_interruptible.total)"

# ---- Germany 2020, the jobs of Let's Wait Awhile: its rule with its forecast error, and the whole year's optimum

for case in next_workday semi_weekly; do
        simulate "$case" --jobs "$lwa/jobs_$case.csv" --carbon "$lwa/carbon.csv" --gpus 128 -p wait-awhile -p cheapest-window
        same "lwa, $case, run-now" "$(total run-now)" "$(expected "$lwa" .cases.$case.run_now_total)"
        same "lwa, $case, the cheapest instants" "$(total wait-awhile)" "$(expected "$lwa" .cases.$case.optimum_interruptible.total)"
        same "lwa, $case, the cheapest windows" "$(total cheapest-window)" "$(expected "$lwa" .cases.$case.optimum_non_interruptible.total)"
        simulate "${case}_forecast" --jobs "$lwa/jobs_$case.csv" --carbon "$lwa/carbon.csv" --carbon-forecast "$lwa/carbon_forecast_5pct.csv" \
                --gpus 128 -p wait-awhile -p cheapest-window
        same "lwa, $case, instants that seemed cheapest" "$(total wait-awhile)" "$(expected "$lwa" .cases.$case.forecast_5pct_interruptible.total)"
        same "lwa, $case, windows that seemed cheapest" "$(total cheapest-window)" "$(expected "$lwa" .cases.$case.forecast_5pct_non_interruptible.total)"
done

# the scheduler itself takes a minute of a processor for these: one case will do
simulate lwa_offpeak --jobs "$lwa/jobs_next_workday.csv" --carbon "$lwa/carbon.csv" --gpus 128 -p offpeak
near "lwa, next_workday, offpeak" "$(total offpeak)" "$(expected "$lwa" .cases.next_workday.optimum_interruptible.total)"
exit $failed
