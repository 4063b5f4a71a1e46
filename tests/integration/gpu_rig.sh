# SPDX-License-Identifier: Apache-2.0
#
# gpu_rig.sh - what scripts with GPUs of a made-up machine share, whose library is our own (tests/fake/nvml); to be
# sourced after `rig`.
# shellcheck shell=bash

source=$(cd "$(dirname "$0")/../.." && pwd)
export OFFPEAK_FAKE_NVML=${work:?}/cards
: >"$work/cards.text"
: >"$work/cards.limits"

# say LINE...: the cards say this from now on.
say() {
        printf '%s\n' "$@" >>"$work/cards.text"
        cp "$work/cards.text" "$work/cards.new" && mv "$work/cards.new" "$work/cards"
}

# limits_are MW...: of all cards, by bus id, as set last.
limits_are() {
        [ "$(for card in 0000:04:00.0 0000:81:00.0 0000:82:00.0; do
                awk -v card=$card -v mw=700000 '$1 == card { mw = $2 } END { print mw }' "$work/cards.limits"
        done | tr '\n' ' ')" = "$* " ]
}

# write_gpu_hall GRID [LINE [CLASS]]: a scheduler whose one site has this grid, and a node of it with three cards at 60 W; LINE: more
# of the agent's configuration; CLASS: of the class, behind a comma.
write_gpu_hall() {
        local card
        cat >"$work/offpeakd.yaml" <<YAML
listen: ["ipc://$work/d.sock"]
state_dir: $work/state
sites:
  - {name: hall, currency: EUR, grid: $1}
classes:
  - {name: default, min_run: 0s, start_cost: 0s, stop_grace: 2s, lease: 60s, ${3:-delay_cost_per_gpu_hour: 5}}
YAML
        cat >"$work/n1.yaml" <<YAML
server: "ipc://$work/d.sock"
node: n1-$$
site: hall
state_dir: $work/n1
topology: $source/tests/fixtures/topology/two_sockets.xml
nvml: ${build:?}/tests/fake/libnvidia-ml.so.1
${2:-}
YAML
        for card in 0000:04:00.0 0000:81:00.0 0000:82:00.0; do
                say "$card uuid GPU-$card"
        done
        say '* name Test GPU' '* default 700000' '* min 200000' '* max 700000' '* power 60000' '* energy 1000000'
}

# until_true SECONDS COMMAND...
until_true() {
        local n=$(($1 * 20))
        shift
        for _ in $(seq $n); do
                "$@" && return
                sleep 0.05
        done
        fail "this did not come true: $*"
}

# node_is JQ: of the node, as `offpeak nodes` has it
node_is() {
        offpeak nodes --json 2>/dev/null | jq -e ".nodes[0] | $1" >/dev/null
}

logged() {
        grep -q "$1" "$work/n1.log"
}

is_done() {
        [ "$(offpeak jobs --all --json | jq -r ".jobs[] | select(.name == \"$1\").state")" = done ]
}

# The bus id of a job's card, by the UUID that it wrote down.
card_of() {
        sed -n 's/^GPU-\(0000:8[12]:00.0\|0000:04:00.0\)$/\1/p' "$work/$1.card" | grep .
}
