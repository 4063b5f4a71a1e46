#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_constraint - what agents say of their nodes in their configuration reaches the scheduler, and jobs that ask for it: they
# run on nodes with their features, on one switch, and alone; what no node has is refused with what there is. What an
# agent makes of a machine is shown.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig constraint

cat >"$work/prices.csv" <<'CSV'
time,price_eur_per_mwh
2025-06-10T11:00:00Z,50
2025-06-10T12:00:00Z,60
2025-06-10T13:00:00Z,70
2025-06-10T14:00:00Z,80
CSV
cat >"$work/offpeakd.yaml" <<YAML
listen: ["ipc://$work/d.sock"]
state_dir: $work/state
clock: {start: 2025-06-10T11:00:00Z, rate: 1}
sites:
  - {name: hall, currency: EUR, grid: {price: prices.csv}}
classes:
  - {name: default, interruptible: false, start_cost: 0s, stop_grace: 5s, lease: 6s}
YAML

add_node() { # add_node NODE SWITCH [FEATURES]
        cat >"$work/$1.yaml" <<YAML
server: "ipc://$work/d.sock"
node: $1-$$
site: hall
state_dir: $work/$1
devices: {kind: cpu-slot, count: 2}
power: {idle: 100 W, per_device: 50 W}
position: {rack: r1, switch: $2}
features: [${3:-}]
YAML
        start_agent "$1"
}

start_daemon
add_node n1 s1
add_node n2 s2 "big, ib"
add_node n3 s2
wait_nodes 3
[ "$(offpeak nodes --json | jq -c ".nodes[] | select(.name == \"n2-$$\") | [.position.block, .position.rack, .position.switch, .features]")" = \
        '[null,"r1","s2",["big","ib"]]' ] || fail "the node does not say what it is: $(offpeak nodes --json)"

submit() {
        offpeak submit --parsable -t 10m --chdir "$work" --export PATH "$@" -- sleep 300
}

# nodes JOB: where it runs, once all of it does; `waits` if it does not within 3 s
nodes() {
        for _ in $(seq 60); do
                offpeak show "$1" --json | jq -e '.job | .attempt != null and all(.attempt.legs[]; .state == "running")' >/dev/null && {
                        offpeak show "$1" --json | jq -r '[.job.attempt.legs[].node] | sort | join(" ")'
                        return
                }
                sleep 0.05
        done
        echo waits
}

job=$(submit -C ib,big) || fail "it is refused: $job"
[ "$(nodes "$job")" = "n2-$$" ] || fail "--constraint ib,big: $(nodes "$job")"
[ "$(offpeak show "$job" --json | jq -c '.job | [.constraint, .exclusive, .switches]')" = '[["ib","big"],false,null]' ] || fail "$(offpeak show "$job" --json)"
offpeak show "$job" | grep -q 'ib, big' || fail "show says nothing of it"

gang=$(submit -N 2 --switches 1) || fail "the gang is refused: $gang"
[ "$(nodes "$gang")" = "n2-$$ n3-$$" ] || fail "--switches 1: $(nodes "$gang")"

alone=$(submit --exclusive) || fail "it is refused: $alone"
[ "$(nodes "$alone")" = "n1-$$" ] || fail "--exclusive: $(nodes "$alone")"
last=$(submit --gpus 1) # one slot is free, on n3
[ "$(nodes "$last")" = "n3-$$" ] || fail "beside an exclusive job: $(nodes "$last")"
next=$(submit --gpus 1) # none but that of n1
[ "$(nodes "$next")" = waits ] || fail "a node of an exclusive job is shared: $(nodes "$next")"
offpeak cancel "$alone" >/dev/null || fail "it cannot be cancelled"
for _ in $(seq 100); do
        [ "$(offpeak nodes --json | jq ".nodes[] | select(.name == \"n1-$$\").gpus_free")" = 2 ] && break
        sleep 0.05
done
after=$(submit --gpus 2)
[ "$(nodes "$after")" = "n1-$$" ] || fail "the node stays closed: $(nodes "$after")"

refused() { # refused WORDS OPTION...
        local words=$1
        shift
        submit "$@" >"$work/refused" 2>&1
        [ $? = 65 ] && grep -q -- "$words" "$work/refused" || fail "$*: $(cat "$work/refused")"
}
refused 'no node has the feature "h100", there are big, ib' -C h100
refused '2 node(s) with 1 GPU(s) each and ib' -C ib -N 2
refused '3 nodes for it on 1 switch(es)' -N 3 --switches 1

xml=$(dirname "$0")/../fixtures/topology/two_sockets.xml
"$build/agent/offpeak-agent" --show-topology --topology-xml "$xml" --json >"$work/topology" || fail "no topology"
[ "$(jq -c '[.schema, (.gpus | length), .links.near[1][2], .nics[0].gpus]' "$work/topology")" = '["offpeak.topology/2",3,"bridge",[1,2]]' ] ||
        fail "$(cat "$work/topology")"
"$build/agent/offpeak-agent" --config "$work/n2.yaml" --show-topology | grep -q '^block -, rack r1, switch s2$' || fail "no position"
"$build/agent/offpeak-agent" --json >"$work/usage" 2>&1
[ $? = 64 ] && grep -q -- '--show-topology' "$work/usage" || fail "$(cat "$work/usage")"
echo "passed"
