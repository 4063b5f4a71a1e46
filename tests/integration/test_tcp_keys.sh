#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The real daemon and command line over tcp with keys: who is let in, what a role may do, and that a reload looks again.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${OFFPEAK_BUILD:-$root/build/release}
daemon="$build/scheduler/offpeakd" cli="$build/cli/offpeak"
for program in "$daemon" "$cli"; do
        [ -x "$program" ] || { echo "skipped: $program is not built"; exit 77; }
done
unset OFFPEAK_SERVER OFFPEAK_KEY OFFPEAK_SERVER_KEY

work=$(mktemp -d /tmp/offpeak-keys-XXXXXX)
pid=
trap 'kill "$pid" "${agent:-}" 2>/dev/null; rm -rf "$work"' EXIT
fail() {
        printf 'FAILED: %s\n' "$*"
        cat "$work/log"
        exit 1
}

mkdir -m 700 "$work/clients"
"$cli" keygen -d "$work" -r server scheduler >/dev/null || fail "no server key"
"$cli" keygen -d "$work/clients" -r user ana >/dev/null || fail "no user key"
"$cli" keygen -d "$work" -r operator olu >/dev/null || fail "no operator key"

# A port that is free now; another try if somebody was faster.
start() {
        port=$((20000 + RANDOM % 10000))
        cat >"$work/offpeak.yaml" <<YAML
listen: ["ipc://$work/s", "tcp://127.0.0.1:$port"]
state_dir: $work/state
curve: {secret: $work/scheduler.key, clients: $work/clients}
sites:
  - name: hall
    currency: EUR
    grid:
      price: $root/deploy/data/price_week_de.csv
classes:
  - name: default
    max_delay: 36h
YAML
        "$daemon" --config "$work/offpeak.yaml" >"$work/log" 2>&1 &
        pid=$!
        for _ in $(seq 200); do
                OFFPEAK_SERVER="ipc://$work/s" "$cli" reload >/dev/null 2>&1 && return 0
                kill -0 "$pid" 2>/dev/null || return 1
                sleep 0.05
        done
        return 1
}
start || start || start || fail "offpeakd does not come up"

# ask KEY WORDS...: the command line over tcp; its exit status and its words in $said
ask() {
        local key=$1
        shift
        said=$(OFFPEAK_SERVER="tcp://127.0.0.1:$port" OFFPEAK_KEY="$key" OFFPEAK_SERVER_KEY="$work/scheduler.pub" \
                timeout 60 "$cli" "$@" 2>&1)
}

# ask_over_ipc WORDS...: the same over ipc, as the daemon's own user
ask_over_ipc() {
        said=$(OFFPEAK_SERVER="ipc://$work/s" timeout 60 "$cli" "$@" 2>&1)
}

# again COMMAND...: once more while an earlier reload is still under way (75)
again() {
        local status=75
        for _ in $(seq 100); do
                "$@"
                status=$?
                [ $status -eq 75 ] || break
                sleep 0.05
        done
        return $status
}

ask "$work/clients/ana.key" jobs || fail "a user is not let in: $said"
ask "$work/clients/ana.key" reload
[ $? -eq 77 ] || fail "a user may reload: $said"
ask "$work/olu.key" jobs
[ $? -eq 77 ] || fail "a stranger is let in: $said"
case "$said" in *olu.pub*) ;; *) fail "a stranger is not told what to do: $said" ;; esac

cp "$work/olu.pub" "$work/clients/"
again ask_over_ipc reload || fail "the daemon's own user may not reload: $said"
ask "$work/olu.key" jobs || fail "a key that was added is not let in: $said"

# A key of role push pushes, and nothing else; an agent's key and a user's do not push.
"$cli" keygen -d "$work/clients" -r push scada >/dev/null || fail "no push key"
"$cli" keygen -d "$work/clients" -r agent n1 >/dev/null || fail "no agent key"
again ask_over_ipc reload || fail "no reload: $said"
ask "$work/clients/scada.key" push price "82.5 EUR/MWh" --site hall || fail "a push key may not push: $said"
case "$said" in "price of hall: 82.50 EUR/MWh until "*) ;; *) fail "a push is answered: $said" ;; esac
for words in jobs price version reload "cancel 1" "submit --gpus 1 -t 1h -- true" "fence n1"; do
        # shellcheck disable=SC2086
        ask "$work/clients/scada.key" $words </dev/null
        [ $? -eq 77 ] || [ "$words" = version ] || fail "a push key may $words: $said"
        case "$said" in *"role push"* | *offpeak*0.*) ;; *) fail "a push key is told of $words: $said" ;; esac
done
for key in ana n1; do
        ask "$work/clients/$key.key" push price "1 EUR/MWh" --site hall
        [ $? -eq 77 ] || fail "$key may push: $said"
done
ask "$work/olu.key" push price "83 EUR/MWh" --site hall || fail "an operator may not push: $said"
ask_over_ipc push price "84 EUR/MWh" --site hall || fail "the daemon's own user may not push: $said"
ask_over_ipc price --json || fail "no price: $said"
case "$said" in *'"now_micro_per_mwh": 84000000'*) ;; *) fail "the last push does not hold: $said" ;; esac

# A job runs under the account of its key's name, if there is one.
ask "$work/clients/ana.key" submit --gpus 1 -t 1h -- true
[ $? -eq 77 ] || fail "a job of nobody's is taken: $said"
case "$said" in *'"ana" is no such account'*) ;; *) fail "a job of nobody's is refused: $said" ;; esac
# Root's takes the role of an operator; another's that of a user.
"$cli" keygen -d "$work/clients" -r "$([ "$(id -u)" = 0 ] && echo operator || echo user)" "$(id -un)" >/dev/null || fail "no key of our own name"
again ask_over_ipc reload || fail "no reload: $said"
ask "$work/clients/$(id -un).key" cancel 1
[ $? -eq 66 ] || fail "there is a job: $said"
cat >"$work/n1.yaml" <<YAML
server: "tcp://127.0.0.1:$port"
curve: {secret: $work/clients/n1.key, server: $work/scheduler.pub}
node: n1-$$
site: hall
state_dir: $work/n1
devices: {kind: cpu-slot, count: 1}
power: {idle: 100 W, per_device: 100 W}
allow_root: true
YAML
"$build/agent/offpeak-agent" --config "$work/n1.yaml" >"$work/n1.log" 2>&1 &
agent=$!
# until TEXT WORDS...: the command line by our own key says so
until_said() {
        local want=$1
        shift
        for _ in $(seq 200); do
                ask "$work/clients/$(id -un).key" "$@"
                [[ "$said" == *"$want"* ]] && return
                sleep 0.1
        done
        fail "$* says $said, and never $want: $(cat "$work/n1.log")"
}
until_said '"status": "up"' nodes --json
ask "$work/clients/$(id -un).key" submit --gpus 1 -t 1h --deadline now+1h -o "$work/out" -- sh -c 'id -u' || fail "a job of our own is refused: $said"
until_said '"state": "done"' jobs --all --json
[ "$(cat "$work/out")" = "$(id -u)" ] || fail "it ran as $(cat "$work/out")"
kill "$agent"
wait "$agent"

# An operator, over tcp, takes the user's key away.
rm "$work/clients/ana.pub"
again ask "$work/olu.key" reload || fail "an operator may not reload: $said"
ask "$work/clients/ana.key" jobs
[ $? -eq 77 ] || fail "a key that is gone is let in: $said"

# A folder that others may write lets anybody in: the reload is refused, and the keys stay as they were.
chmod 777 "$work/clients"
again ask_over_ipc reload
[ $? -eq 77 ] || fail "a folder for all to write is taken: $said"
chmod 700 "$work/clients"
ask "$work/olu.key" jobs || fail "a reload that was refused took a key away: $said"

kill "$pid"
wait "$pid" || fail "offpeakd ended with $?"

# Without keys nobody knows who asks over tcp: he may look, and that is all.
sed -i '/^curve:/d' "$work/offpeak.yaml"
"$daemon" --config "$work/offpeak.yaml" >"$work/log" 2>&1 &
pid=$!
over_tcp() {
        said=$(OFFPEAK_SERVER="tcp://127.0.0.1:$port" timeout 60 "$cli" "$@" 2>&1 </dev/null)
}
for _ in $(seq 100); do
        over_tcp jobs && break
        sleep 0.1
done
over_tcp price || fail "he may not look: $said"
for words in reload "push price 1EUR/MWh --site hall" "submit --gpus 1 -t 1h -- true"; do
        # shellcheck disable=SC2086
        over_tcp $words
        [ $? -eq 77 ] || fail "anybody may $words: $said"
done
kill "$pid"
wait "$pid" || fail "offpeakd ended with $?"
pid=
[ ! -e "$work/s" ] || fail "the socket's path is left behind"
