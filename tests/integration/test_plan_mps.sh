#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_plan_mps.sh - small instances of every kind as MILPs, solved by CBC: no bound above the cost of a plan, no plan of whole
# slots below their optimum, and none far above it; what CBC finds is a plan to the checker, and billed as the MILP says. Tiny
# ones also against plans found by trial and error: none cheaper, so the MILP forbids nothing it should not. Instances without
# starts as linear programs, solved by CLP: no bound above the optimum. Jobs and prices are generated: the same on every machine.
set -euo pipefail

for need in cbc python3; do
        command -v $need >/dev/null || { echo "skipped: $need is not installed" && exit 77; }
done
bench=$OFFPEAK_BUILD/tests/bench/plan_bench
folder=$(cd "$(dirname "$0")/../bench" && pwd)
if command -v clp >/dev/null; then
        "$folder/plan_clp" --bench "$bench" --generated --jobs 200 --slots 96 --count 3 --repeat 1
else
        echo "clp is not installed: no linear programs"
fi
kinds=(loose tight reactor peak sites elastic mixed battery shift-battery salt)
"$folder/plan_cbc" --bench "$bench" --generated --count 3 --limit 2 --worst 20 "${kinds[@]/#/--kind=}"
"$folder/plan_cbc" --bench "$bench" --generated --count 3 --limit 2 --kind offgrid # hours waited are all that costs: no share of it
exec "$folder/plan_cbc" --bench "$bench" --generated --count 3 --limit 3 --guess 20000 --kind sites --kind elastic --kind mixed
