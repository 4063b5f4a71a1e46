#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_plan_mps.sh - small instances as MILPs, solved by CBC: no bound above the cost of a plan, no plan of whole slots below
# their optimum, and none far above it. Jobs and prices are generated: the same on every machine.
set -euo pipefail

for need in cbc python3; do
        command -v $need >/dev/null || { echo "skipped: $need is not installed" && exit 77; }
done
exec "$(dirname "$0")/../bench/plan_cbc" --bench "$OFFPEAK_BUILD/tests/bench/plan_bench" \
        --generated --count 8 --limit 3 --worst 20
