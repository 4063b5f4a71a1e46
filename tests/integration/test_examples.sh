#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_examples.sh - the configurations and the data that are shipped are right, by the programs' own word.
set -euo pipefail

deploy=$(cd "$(dirname "$0")/../../deploy" && pwd)

fail() {
        echo "FAILED: $*" >&2
        exit 1
}

"$OFFPEAK_BUILD/scheduler/offpeakd" --config "$deploy/examples/offpeak.yaml" --check || fail "offpeak.yaml"
"$OFFPEAK_BUILD/agent/offpeak-agent" --config "$deploy/examples/agent.yaml" --check || fail "agent.yaml"

for file in "$deploy"/data/*.csv; do
        [ "$(grep -c '^2025-06-' "$file")" -eq 168 ] || fail "$file: not a week of hours"
        grep -q '^# .*CC BY 4.0' "$file" || fail "$file: does not state its licence"
        grep -q '^# .*Bundesnetzagentur | SMARD.de' "$file" || fail "$file: does not name its source"
done

for script in install-deps quickstart examples/train.sh; do
        bash -n "$deploy/$script" || fail "$script"
done
