#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_head.sh - launcher head with two agents of one host: the head has both nodes start commands, which belong to their legs
# and end with whoever asked for them; how the job ends; who is not let in.
set -u

# shellcheck source=tests/integration/rig.sh
. "$(dirname "$0")/rig.sh"
rig head

rate=1 watts=50
printf '%s\n' time,price_eur_per_mwh 2025-06-10T11:00:00Z,80 2025-06-11T11:00:00Z,80 >"$work/prices.csv"
write_fast_hall 1s 2
sed "s/n1/n2/g" "$work/n1.yaml" >"$work/n2.yaml"
start_daemon
start_agent n1
start_agent n2
wait_nodes 2

ask() { # ask JOB FILTER
        offpeak show "$1" --json | jq -r ".job.$2"
}

over() { # over JOB: wait for its end
        for _ in $(seq 450); do
                case $(ask "$1" state) in queued | active) sleep 0.1 ;; *) return ;; esac
        done
        fail "job $1 does not end: $(offpeak show "$1"); $(cat "$work/job.out")"
}

wait_for() { # wait_for FILE...
        local file
        for file in "$@"; do
                for _ in $(seq 300); do
                        [ -e "$file" ] && break
                        sleep 0.1
                done
                [ -e "$file" ] || fail "$file does not appear: $(cat "$work/job.out")"
        done
}

submit() { # submit SCRIPT [OPTION...]: a head on both nodes, whose words $0 is $work
        local script=$1
        shift
        rm -f "$work/job.out"
        offpeak submit --parsable -D "$work" -N 2 --gpus-per-node 2 -t 1m --launcher head -o job.out "$@" -- \
                sh -c "$script" "$work"
}

# ---- where commands run, what they see, what comes back
cat >"$work/head.sh" <<'SH'
other=$(sed -n 2p "$OFFPEAK_HOSTFILE")
[ "${RANK-none}" = none ] || exit 3
"$OFFPEAK_RSH" "$other" 'echo "there: $NODE_RANK ${RANK-none} $0 $PWD"; cat "$OFFPEAK_REMOTE" >/dev/null && echo "reads"'
"$OFFPEAK_RSH" -x "me@$(sed -n 1p "$OFFPEAK_HOSTFILE")" echo here: '$NODE_RANK'
"$OFFPEAK_RSH" "$other" 'echo bad >&2; exit 7' 2>"$0/err"
echo "status $? $(cat "$0/err")"
"$OFFPEAK_RSH" "$other" 'kill -9 $$'
echo "status $?"
"$OFFPEAK_RSH" "$other" 'head -c 20000000 /dev/zero' | wc -c
"$OFFPEAK_RSH" nobody true
echo "status $?"
ssh -2 -a -x -o PasswordAuthentication=no -l"me" "$other" 'echo "by ssh: $NODE_RANK"'
ssh -xqo BatchMode=yes "$other" -p 22 -- echo "in a cluster: \$NODE_RANK"
ssh -l me else.where true
ssh "$other"
! command -v pdsh >/dev/null || PDSH_RCMD_TYPE=ssh pdsh -S -f 9 -w "$other,$(sed -n 1p "$OFFPEAK_HOSTFILE")" \
        'echo "by pdsh: $NODE_RANK %n"; [ $NODE_RANK = 0 ] || exit 8'
echo "pdsh $?"
SH
mkdir "$work/bin"
printf '#!/bin/sh\necho "the real ssh: $*"\n' >"$work/bin/ssh"
chmod +x "$work/bin/ssh"
# shellcheck disable=SC2016
job=$(PATH=$work/bin:$PATH submit '. "$0/head.sh"')
wait_done "$job"
mv "$work/job.out" "$work/seen"
grep -qxF "there: 1 none /bin/sh $work" "$work/seen" || fail "there: $(cat "$work/seen")"
if command -v pdsh >/dev/null; then
        for line in 'n.*: by pdsh: 0 .' 'n.*: by pdsh: 1 .' 'pdsh 8'; do
                grep -qx "$line" "$work/seen" || fail "no \"$line\": $(cat "$work/seen")"
        done
fi
# shellcheck disable=SC2016
for line in reads 'here: 0' 'status 7 bad' 'status 137' 20000000 'status 255' 'by ssh: 1' 'in a cluster: 1' \
        'the real ssh: -l me else.where true' 'the real ssh: '"$(ask "$job" 'attempt.legs[1].node')" \
        'offpeak-rsh: nobody is no node of this job: $OFFPEAK_HOSTFILE names them'; do
        grep -qxF "$line" "$work/seen" || fail "no \"$line\": $(cat "$work/seen")"
done
[ "$(ask "$job" launcher) $(ask "$job" attempt.stop_reason)" = "head head_ended" ] || fail "$(offpeak show "$job" --json)"
echo "commands run on both nodes"

# ---- a secret is nobody else's
for view in "show $job" "jobs --all" "nodes"; do
        # shellcheck disable=SC2086
        ! offpeak $view --json | grep -qi secret || fail "$view tells of a secret"
done

# ---- how it ends
left() { # left JOB: processes of the job that are left
        grep -lzsx "OFFPEAK_STOP_FILE=$work/n./legs/$1\.1/stop" /proc/[0-9]*/environ | wc -l
}

none_left() { # none_left JOB
        for _ in $(seq 100); do
                [ "$(left "$1")" = 0 ] && return
                sleep 0.1
        done
        fail "job $1 has left something"
}

# shellcheck disable=SC2016
job=$(submit '"$OFFPEAK_RSH" $(sed -n 2p $OFFPEAK_HOSTFILE) "touch $0/there; sleep 1000" &
              while [ ! -e "$0/there" ]; do sleep 0.05; done; exit 5')
over "$job"
[ "$(ask "$job" state) $(ask "$job" exit_code)" = "failed 5" ] || fail "$(offpeak show "$job")"
none_left "$job"
rm "$work/there"
echo "its end is the end of all"

# ---- who asks for a command and is killed ends it
# shellcheck disable=SC2016
job=$(submit '"$OFFPEAK_RSH" $(sed -n 2p $OFFPEAK_HOSTFILE) "trap \"touch $0/ended; exit\" TERM; touch $0/there
              while :; do sleep 0.1; done" & while [ ! -e "$0/there" ]; do sleep 0.05; done; kill -9 $!
              while [ ! -e "$0/ended" ]; do sleep 0.05; done; exit 0')
wait_done "$job"
rm "$work/there" "$work/ended"
echo "a command ends with whoever asked for it"

# ---- also one that nobody reads
# shellcheck disable=SC2016
job=$(submit '"$OFFPEAK_RSH" $(sed -n 2p $OFFPEAK_HOSTFILE) "touch $0/there; exec yes" | sleep 1000 &
              while [ ! -e "$0/there" ]; do sleep 0.05; done; sleep 1
              asks=$(pgrep -f "offpeak-rs[h] .*exec yes"); kill -TERM $asks
              for i in $(seq 50); do kill -0 $asks 2>/dev/null || exit 0; sleep 0.1; done; exit 7')
wait_done "$job"
rm "$work/there"
echo "whoever asked for a command can be ended while its output is not read"

# ---- a leg that dies, at the first attempt
# shellcheck disable=SC2016
job=$(submit '[ $OFFPEAK_ATTEMPT = 1 ] || exit 0
              trap "exit 0" TERM; "$OFFPEAK_RSH" $(sed -n 2p $OFFPEAK_HOSTFILE) "kill -9 \$PPID"
              while :; do sleep 0.1; done')
wait_done "$job"
[ "$(ask "$job" attempts) $(ask "$job" losses)" = "2 1" ] || fail "$(offpeak show "$job" --json)"
none_left "$job"
echo "a job whose holder died is tried again"

# ---- a pause: the head hears of it and tells its own; commands have their time, and no new one begins. The signal goes to all of
# the head's process group, with offpeak-rsh in it
cat >"$work/save.sh" <<'SH'
other=$(sed -n 2p "$OFFPEAK_HOSTFILE")
[ ! -e "$0/saved" ] || { echo again; exit 0; }
stop() {
        touch "$0/stop"
        wait $!
        echo "command $?"
        "$OFFPEAK_RSH" "$other" true
        echo "another $?"
        exit 1
}
trap stop TERM USR1
"$OFFPEAK_RSH" "$other" "touch $0/up; while [ ! -e $0/stop ]; do sleep 0.05; done; sleep 1; touch $0/saved; exit 4" &
wait $!
SH
for signal in USR1 TERM; do
        # shellcheck disable=SC2016
        job=$(submit '. "$0/save.sh"' --signal $signal@30)
        wait_for "$work/up"
        offpeak hold "$job" >/dev/null || fail "no hold"
        for _ in $(seq 300); do
                [ "$(ask "$job" state)" = queued ] && break
                sleep 0.1
        done
        [ "$(ask "$job" state)" = queued ] || fail "it is not paused: $(offpeak show "$job")"
        [ "$(ask "$job" 'attempt.legs | map(.killed) | @csv')" = "false,false" ] || fail "killed: $(offpeak show "$job" --json)"
        none_left "$job"
        grep -qx 'command 4' "$work/job.out" || fail "the command had not its time: $(cat "$work/job.out")"
        grep -qx 'another 255' "$work/job.out" || fail "another began: $(cat "$work/job.out")"
        offpeak release "$job" >/dev/null || fail "no release"
        wait_done "$job"
        grep -qx again "$work/job.out" || fail "it does not go on: $(cat "$work/job.out")"
        rm "$work/up" "$work/stop" "$work/saved"
done
echo "it pauses and goes on"
