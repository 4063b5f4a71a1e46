#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_hostile - jobs that do not go, do not stay in their place, fill disks, memory and process tables, report nonsense, or end
# at once by the hundred, with a real scheduler and agent. After each the node takes the next one, and nothing is left of it:
# no process, no cgroup, no directory, and no memory of the agent's.
set -uo pipefail

. "$(dirname "$0")/rig.sh"
rig hostile

# A sanitizer holds back freed memory so that late use of it is seen, up to 256 MB: here that would look like growth.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:quarantine_size_mb=8"

# 64 slots of half of this machine's memory: a slot's share is small enough to be filled here.
cat >"$work/offpeakd.yaml" <<YAML
listen: ["ipc://$work/d.sock"]
state_dir: $work/state
sites:
  - {name: hall, currency: EUR, grid: {}}
classes:
  - {name: default, min_run: 0, start_cost: 0, stop_grace: 2s, lease: 6s, time_limit_factor: null}
YAML
write_agent() { # write_agent NAME MORE...: $work/NAME.yaml
        cat >"$work/$1.yaml" <<YAML
server: "ipc://$work/d.sock"
node: $1-$$
site: hall
state_dir: $work/$1
devices: {kind: cpu-slot, count: 64}
power: {idle: 200 W, per_device: 10 W}
$2
YAML
}
write_agent n1 "isolation: {memory_reserve: 100 TiB, processes: 200}
job_log_limit: 64 KiB"

submit() { # submit NAME COMMAND...: its number; what it starts is found by its environment
        local name=$1
        shift
        offpeak submit --parsable -J "$name" --gpus 1 -t 10m -o "$work/%j.out" -D "$work" --env "OFFPEAK_TEST=$token" \
                --env "OFFPEAK_HOSTILE=$token" -- /bin/bash -c "$*" || fail "$name was not taken"
}

status() {
        offpeak show "$1" --json | jq -r ".job.$2"
}

wait_for() { # wait_for JOB STATE
        for _ in $(seq 300); do
                [ "$(status "$1" state)" = "$2" ] && return
                sleep 0.1
        done
        fail "job $1 is $(status "$1" state), not $2"
}

count_processes() {
        grep -lzsF "OFFPEAK_HOSTILE=$token" /proc/[0-9]*/environ | wc -l
}

list_groups() {
        find /sys/fs/cgroup -maxdepth 6 -type d -path "*/offpeak-n[0-9]-$$/*" 2>/dev/null
}

count_shims() { # and what they made of themselves; grep must not find itself
        grep -lzsxF "-e$work/n1" /proc/[0-9]*/cmdline | wc -l
}

is_clean() {
        [ "$(count_processes)" = 0 ] && [ "$(count_shims)" = 0 ] && [ -z "$(list_groups)" ] && [ -z "$(ls "$work/n1/legs")" ]
}

expect_clean() { # expect_clean WHAT: soon
        for _ in $(seq 100); do
                is_clean && return
                sleep 0.1
        done
        fail "$1 left $(count_processes) processes, $(count_shims) shims, groups $(list_groups), legs $(ls "$work/n1/legs")"
}

# The next job runs: the node is usable, and nothing of the last one holds it up.
expect_usable() {
        local job
        job=$(submit next true)
        wait_for "$job" "done"
        expect_clean "$1"
}

size() {
        stat -c %s "$1"
}

memory_kb() {
        awk '/^RssAnon/ {print $2}' "/proc/$agent/status"
}

ignores_its_stop() {
        local job
        job=$(submit stubborn 'trap "" TERM INT HUP; touch ready; while :; do sleep 0.1; done')
        for _ in $(seq 100); do [ -e "$work/ready" ] && break || sleep 0.1; done
        offpeak cancel "$job" >/dev/null || fail "it is not cancelled"
        wait_for "$job" cancelled
        expect_usable "one who ignores its stop"
}

walks_away() {
        local job
        job=$(submit stray '(setsid bash -c "trap \"\" TERM HUP; (setsid sleep 9999 &); sleep 9999" >/dev/null 2>&1 &); sleep 0.3')
        wait_for "$job" "done"
        expect_usable "one who walks away"
}

fills_the_disk() {
        local job follower
        job=$(submit chatty 'yes 0123456789 | head -c 30000000; sleep 1.5; echo; echo after the cut; sleep 1')
        offpeak logs -f "$job" >"$work/followed" 2>&1 &
        follower=$!
        wait_for "$job" "done"
        wait "$follower"
        grep -q '^after the cut$' "$work/followed" || fail "who followed the output lost it: $(tail -n 3 "$work/followed")"
        [ "$(size "$work/$job.out")" -le 70000 ] || fail "its output has $(size "$work/$job.out") bytes"
        [ "$(size "$work/$job.out.1")" -le 65536 ] || fail "its older output has $(size "$work/$job.out.1") bytes"
        job=$(submit endless 'tr "\0" x </dev/zero | head -c 30000000; sleep 1')
        wait_for "$job" "done"
        [ "$(size "$work/$job.out")" -le 70000 ] || fail "its line has $(size "$work/$job.out") bytes"
        expect_usable "one who fills the disk"
}

reports_nonsense() {
        local job seen
        job=$(submit nonsense 'p=$OFFPEAK_PROGRESS; echo 1 4 >>$p; sleep 1.5; echo nan inf >>$p; echo 9 3 >>$p; echo -1 4 >>$p
                echo 1e400 2e400 >>$p; head -c 3000000 /dev/urandom >>$p; tr "\0" 7 </dev/zero | head -c 3000000 >>$p
                sleep 1.5; echo >>$p; ls -l $p; rm -f $p; ln -s /etc/passwd $p; mkfifo $p; mkdir $p; sleep 1.5; touch said
                while [ ! -e go ]; do sleep 0.1; done')
        for _ in $(seq 200); do [ -e "$work/said" ] && break || sleep 0.1; done
        seen=$(status "$job" progress.fraction)
        [ "$(status "$job" state)" = active ] || fail "it is $(status "$job" state)"
        case $seen in null | 0* | 1) ;; *) fail "its progress is $seen" ;; esac
        touch "$work/go"
        wait_for "$job" "done"
        expect_usable "one who reports nonsense"
}

ends_at_once() { # a hundred times
        local jobs=() job
        for _ in $(seq 100); do
                job=$(submit brief true)
                jobs+=("$job")
        done
        for job in "${jobs[@]}"; do
                wait_for "$job" "done"
        done
        expect_usable "a hundred who end at once"
}

takes_all_memory() {
        local job
        grep -q 'a job is kept to: .* of memory a device' "$work/n1.log" || return 0 # not on this machine
        job=$(submit greedy 'tail /dev/zero')
        wait_for "$job" failed
        grep -q "leg $job.1 exited.*out of memory: the job's limit here was 0.* GiB" "$work/n1.log" || fail "it is not told why"
        expect_usable "one who takes all memory"
}

takes_all_processes() {
        local job
        grep -q 'a job is kept to: .* 200 processes' "$work/n1.log" || return 0
        job=$(submit bomb 'bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 1.5; exit 0')
        for _ in $(seq 30); do
                [ "$(count_processes)" -le 210 ] || fail "it has $(count_processes) processes"
                sleep 0.1
        done
        for _ in $(seq 300); do
                case $(status "$job" state) in "done" | failed) break ;; esac
                sleep 0.1
        done
        expect_usable "one who takes all processes"
}

# An agent that is killed together with the shim of what runs leaves it to the next one.
loses_agent_and_shim() {
        local job shim
        rm -f "$work/ready"
        job=$(submit orphan '(setsid sleep 9999 &); touch ready; sleep 9999')
        for _ in $(seq 100); do [ -e "$work/ready" ] && break || sleep 0.1; done
        shim=$(grep -lzsF -- "$job.1" /proc/[0-9]*/cmdline | cut -d / -f 3 | while read -r pid; do
                [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = offpeak-shim ] && grep -qF "$work" "/proc/$pid/cmdline" && echo "$pid"
        done)
        # shellcheck disable=SC2086
        kill -KILL "$agent" $shim
        wait "$agent" 2>/dev/null
        start_agent n1
        offpeak cancel "$job" >/dev/null
        wait_for "$job" cancelled
        expect_usable "one who lost agent and shim"
}

# A topology of another machine binds nothing here, which is told; where limits are required, it is refused.
knows_another_machine() {
        local xml
        xml=$(cd "$(dirname "$0")/../fixtures/topology" && pwd)/two_sockets.xml
        write_agent n2 "topology: $xml"
        "$build/agent/offpeak-agent" --config "$work/n2.yaml" --check >"$work/checked" || fail "it is refused: $(cat "$work/checked")"
        grep -q "not kept: the topology is another machine's: jobs here are bound to no processors" "$work/checked" ||
                fail "the check says $(cat "$work/checked")"
        "$build/agent/offpeak-agent" --config "$work/n2.yaml" --check --state-dir "$xml" >"$work/checked" 2>&1 && fail "a file is taken for a folder"
        grep -q "state_dir .*two_sockets.xml: .* it is no folder" "$work/checked" || fail "the check says $(cat "$work/checked")"
        write_agent n3 "topology: $xml
isolation: {required: yes}"
        "$build/agent/offpeak-agent" --config "$work/n3.yaml" --check >"$work/checked" 2>&1 && fail "it is not refused"
        grep -q "limits are required, and this node cannot keep all of them" "$work/checked" || fail "the refusal is $(cat "$work/checked")"
}

is_root_and_not_allowed() {
        local job refused
        [ "$(id -u)" = 0 ] || return 0
        kill -TERM "$agent"
        wait "$agent"
        sed -i 's/^allow_root:.*/allow_root: no/' "$work/n1.yaml"
        start_agent n1
        job=$(submit root 'touch ran')
        refused="leg $job\\.[0-9]* exited with status 126: uid 0 may not run jobs on this node: set allow_root: true"
        for _ in $(seq 200); do
                grep -q "$refused" "$work/n1.log" && break
                sleep 0.1
        done
        grep -q "$refused" "$work/n1.log" || fail "a job of root was not refused"
        wait_for "$job" failed
        [ "$(status "$job" exit_code)" = 126 ] || fail "it failed with $(status "$job" exit_code)"
        [ ! -e "$work/ran" ] || fail "a job of root ran"
        expect_clean "one who is refused"
}

start_daemon
start_agent n1
ends_at_once # twice: whatever the agent needs for many legs is there then
ends_at_once
before=$(memory_kb)
ignores_its_stop
walks_away
fills_the_disk
reports_nonsense
takes_all_memory
takes_all_processes
ends_at_once
after=$(memory_kb)
echo "the agent had $before kB, and has $after kB"
[ "$after" -le $((before + 6144)) ] || fail "the agent grew from $before to $after kB"
loses_agent_and_shim
knows_another_machine
is_root_and_not_allowed
echo "passed"
