#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_policy_verbs.sh - `offpeak policy` beside a real scheduler: what check says of a file the daemon says too, what it shows it takes,
# and what a reload changes is what diff told.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig policy

# status OF COMMAND...: what it exits with.
status() {
        "$@" >"$work/said.log" 2>&1
        echo $?
}

cat >"$work/prices.csv" <<'END'
time,price_eur_per_mwh
2026-11-22T00:00:00Z,10
2026-11-22T01:00:00Z,20
END
cat >"$work/offpeakd.yaml" <<END
state_dir: state
listen: ["$OFFPEAK_SERVER"]
log_level: warning
sites: [{name: h, currency: EUR, grid: {price: prices.csv, limit: 9 MW}, reactor: {fuel_cost_per_mwh: 8, preset: natrium}}]
classes: {nightly: {max_delay: 36h}}
END
sed -e 's/9 MW/8 MW/; s/warning/info/; s/36h/null/' "$work/offpeakd.yaml" >"$work/new.yaml"
sed -e 's/9 MW/9/; s/36h/36/' "$work/offpeakd.yaml" >"$work/bad.yaml"

# ---- files alone
[ "$(status offpeak policy check "$work/offpeakd.yaml")" = 0 ] || fail "a good file"
[ "$(status "$build/scheduler/offpeakd" --check -c "$work/offpeakd.yaml")" = 0 ] || fail "a good file, says the daemon"
[ "$(status offpeak policy check "$work/bad.yaml")" = 65 ] || fail "a bad file"
[ "$(grep -c 'bad.yaml:[0-9]*:[0-9]*: ' "$work/said.log")" = 2 ] || fail "two errors"
"$build/scheduler/offpeakd" --check -c "$work/bad.yaml" 2>&1 | sed 's/^[^/]*//' >"$work/daemon.log"
grep -qxFf "$work/daemon.log" "$work/said.log" || fail "the daemon says something else: $(cat "$work/daemon.log")"
[ "$(status offpeak policy check "$work/none.yaml")" = 66 ] || fail "no file"
[ "$(status offpeak policy diff "$work/offpeakd.yaml" "$work/offpeakd.yaml")" = 0 ] || fail "the same"
[ "$(status offpeak policy diff "$work/offpeakd.yaml" "$work/new.yaml")" = 1 ] || fail "not the same"
[ "$(status offpeak policy diff "$work/offpeakd.yaml" "$work/bad.yaml")" = 65 ] || fail "no policy"

# ---- a scheduler
[ "$(status offpeak policy show --timeout 1s)" = 69 ] || fail "nobody is there"
start_daemon
offpeak policy show >"$work/shown.yaml" || fail "show"
[ "$(status offpeak policy diff "$work/offpeakd.yaml" "$work/shown.yaml")" = 0 ] || fail "what it shows is what it read: $(cat "$work/said.log")"

offpeak policy show --json >"$work/before.json" || fail "show as JSON"
mv "$work/new.yaml" "$work/offpeakd.yaml"
offpeak reload >/dev/null || fail "reload"
offpeak policy show --json >"$work/after.json" || fail "show after a reload"
jq -r -n --slurpfile a "$work/before.json" --slurpfile b "$work/after.json" \
        '[$a[0].values, $b[0].values] | transpose[] | select(.[0].value != .[1].value) | "\(.[0].path) \(.[1].value)"' >"$work/changed.log"
printf '%s\n' "sites.h.grid.limit 8 MW" "classes.nightly.max_delay null" | cmp -s - "$work/changed.log" ||
        fail "the reload changed: $(cat "$work/changed.log")" # log_level counts at the start alone
jq -e '.values[] | select(.path == "log_level") | .value == "warning" and .default == null' "$work/after.json" >/dev/null || fail "log_level"
kill "$daemon"
wait "$daemon"
