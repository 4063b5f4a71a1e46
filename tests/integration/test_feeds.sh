#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_feeds - the real scheduler, fed by a web server that misbehaves in every way we know: each failure is logged once,
# shown by `offpeak signals`, and changes nothing: prices stay in force, answers come at once, a job is planned and runs.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=${OFFPEAK_BUILD:?}
work=$(mktemp -d "${TMPDIR:-/tmp}/offpeak-feeds.XXXXXX")
pids=()
unset OFFPEAK_KEY OFFPEAK_SERVER_KEY http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

fail() {
        echo "FAILED: $*"
        tail -n 60 "$work/offpeakd.log"
        exit 1
}

clean_up() {
        trap '' INT TERM
        [ ${#pids[@]} = 0 ] || kill -KILL "${pids[@]}" 2>/dev/null
        wait 2>/dev/null
        rm -rf "$work"
}
trap clean_up EXIT

for program in python3 jq; do
        command -v $program >/dev/null || { echo "skipped: $program is not installed" && exit 77; }
done

export OFFPEAK_SERVER=ipc://$work/d.sock

offpeak() {
        "$build/cli/offpeak" "$@"
}

# MODE|what the error must say. Each is a site of its own, with a good price first.
failures='slow|no answer within 2 s
drip|no answer within 2 s
endless|larger than 200000 bytes
long|larger than 200000 bytes
headers|headers are larger than 256 KiB
bomb|larger than 200000 bytes
damaged|packed in a way that is damaged
foreign|packed in a way that is damaged or not known
utf16|UTF-16
html|a page for people (HTML) instead of data
empty|answered 200 with nothing in it
nothing|answered 204 with nothing in it
loop|redirects more than 5 times
tofile|redirects to something that is neither http nor https
elsewhere|must not see the secret
busy|answered 429 (Too Many Requests) and said: {"error": "quota"}; ask less often
broken|answered 500 (Internal Server Error)
denied|answered 401 (Unauthorized) and said: {"error": "bad token *** in
echo|***
cut|the answer ended in the middle
reset|the connection was reset
babble|what answers there is no web server
yesterday|this is older than what came before
kilowatt|about 1,000 times smaller
badtag|badtag:2:'

serve() { # serve WHERE [CERTIFICATE KEY]
        python3 "$here/feed_server.py" "$work/www" "${@:2}" &
        pids+=($!)
        for _ in $(seq 200); do
                [ -s "$1" ] && return
                sleep 0.05
        done
        fail "the web server does not come up"
}

site() { # site NAME URL KEYS: one site with a price that is fetched
        printf '  - {name: %s, currency: EUR, grid: {price: {url: "%s", every: 1s, timeout: 2s, max_bytes: 200 kB%s}}}\n' "$@"
        [ -e "$work/www/$1.mode" ] || echo good >"$work/www/$1.mode"
}

write_config() {
        local port mode says
        port=$(cat "$work/www/port")
        (umask 077 && echo "s3cr3t/t+ken" >"$work/token")
        {
                echo "listen: [\"ipc://$work/d.sock\"]"
                echo "state_dir: $work/state"
                echo "classes: {default: {max_delay: 1m, start_cost: 0s, min_run: 0s}}"
                echo "sites:"
                while IFS='|' read -r mode says; do
                        site "$mode" "http://127.0.0.1:$port/feed/$mode?from={now-1d:%Y-%m-%dT%H:%MZ}&key={secret:token}" \
                                ', headers: {auth-token: {secret: token}}'
                done <<<"$failures"
                echo tag >"$work/www/tag.mode"
                site tag "http://127.0.0.1:$port/feed/tag" ''
                site packed "http://127.0.0.1:$port/feed/packed" ''
                site spike "http://127.0.0.1:$port/feed/spike" ''
                site year "http://127.0.0.1:$port/feed/year" ', max_bytes: 8 MB' | sed 's/max_bytes: 200 kB, //'
                echo charts >"$work/www/charts.mode"
                site charts "http://127.0.0.1:$port/feed/charts" ', mapping: energy_charts'
                site down "http://127.0.0.1:9/feed/down" ''
                echo "  - {name: local, currency: EUR, grid: {price: local.csv}}"
                write_paged_site "$port"
                write_tls_sites
        } >"$work/offpeakd.yaml"
        cat >"$work/n1.yaml" <<YAML
server: "ipc://$work/d.sock"
node: n1-$$
site: good
state_dir: $work/n1
allow_root: true
devices: {kind: cpu-slot, count: 2}
YAML
        sed -i 's/^site: good/site: slow/' "$work/n1.yaml"
}

# Certificates: one that is good under our own authority, one that expired, one of another name, one signed by itself.
tls=
make_certificates() {
        command -v openssl >/dev/null || { echo "without TLS: openssl is not installed" && return; }
        (
                cd "$work/tls" && set -e
                openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj "/CN=test authority"
                for name in trusted expired other; do
                        openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj "/CN=$name"
                        echo "subjectAltName=$([ $name = other ] && echo DNS:other.test || echo IP:127.0.0.1)" >$name.ext
                        openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile $name.ext -out $name.pem \
                                -days "$([ $name = expired ] && echo -1 || echo 2)"
                done
                openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.pem -days 2 -subj "/CN=self" \
                        -addext "subjectAltName=IP:127.0.0.1"
        ) >"$work/tls/log" 2>&1 || { echo "without TLS: $(tail -n 1 "$work/tls/log")" && return; }
        for name in trusted expired other self; do
                serve "$work/tls/$name.pem.port" "$work/tls/$name.pem" "$work/tls/$name.key"
        done
        tls=yes
}

write_tls_sites() {
        local name
        [ -n "$tls" ] || return 0
        for name in trusted expired other self; do
                site "$name" "https://127.0.0.1:$(cat "$work/tls/$name.pem.port")/feed/$name" ", ca: $work/tls/ca.pem"
        done
        site stranger "https://127.0.0.1:$(cat "$work/tls/trusted.pem.port")/feed/stranger" ''
        site downgrade "https://127.0.0.1:$(cat "$work/tls/trusted.pem.port")/feed/downgrade" ", ca: $work/tls/ca.pem"
}

# Change a mode as a whole: the server must not read half a file.
set_mode() {
        echo "$2" >"$work/www/$1.new" && mv "$work/www/$1.new" "$work/www/$1.mode"
}

signal() { # signal SITE FILTER
        offpeak signals --site "$1" --json | jq -r ".sites[0].signals[0]$2"
}

wait_signal() { # wait_signal SITE FILTER WANTED SECONDS
        local found
        for _ in $(seq $(($4 * 10))); do
                found=$(signal "$1" "$2")
                [ "$found" = "$3" ] && return
                sleep 0.1
        done
        fail "$1: $2 is \"$found\", not \"$3\": $(offpeak signals --site "$1")"
}

expect_failure() { # expect_failure SITE TEXT
        local error
        for _ in $(seq 100); do
                error=$(signal "$1" .feed.error)
                [[ $error == *"$2"* ]] && return
                sleep 0.1
        done
        fail "$1: the error is \"$error\", not \"...$2...\""
}

# MODE|what the error must say, of outages in pages.
paged='secondfails|paged: page 2: the server answered 503 (Service Unavailable) and said: try later
seconddamaged|paged, page 2: is no ZIP, or is cut short
secondlarge|page 2: the answer is larger than 200000 bytes
forever|feed/paged: there are more than 25 pages of 200 documents
deaf|page 2: the server gives the same page again'

write_paged_site() {
        echo one >"$work/www/paged.mode"
        cat <<YAML
  - name: paged
    currency: EUR
    grid: {price: local.csv}
    reactor:
      capacity: {url: "http://127.0.0.1:$1/feed/paged?documentType=A80", mapping: entsoe_a80, name: Island 1, rating: 890 MW, every: 1s, timeout: 2s, max_bytes: 200 kB}
      fuel_cost_per_mwh: 6
YAML
}

capacity() { # capacity FILTER
        offpeak signals --site paged --json | jq -r ".sites[0].signals[] | select(.kind == \"capacity\")$1"
}

wait_capacity() { # wait_capacity FILTER WANTED
        local found
        for _ in $(seq 150); do
                found=$(capacity "$1")
                [ "$found" = "$2" ] && return
                sleep 0.1
        done
        fail "paged: $1 is \"$found\", not \"$2\": $(offpeak signals --site paged)"
}

# All pages are one delivery, or nothing is: the last good value stays, and each failure is logged once.
outages_come_in_pages() {
        local mode says found
        wait_capacity .now_w 700000000
        wait_capacity .feed.pages 1
        set_mode paged two
        wait_capacity .now_w 600000000
        wait_capacity .feed.pages 2
        offpeak signals --site paged | grep -q "feed/paged (2 pages)" || fail "no pages: $(offpeak signals --site paged)"
        set_mode paged three
        wait_capacity .now_w 500000000
        wait_capacity .feed.pages 3
        grep -q "^three /feed/paged?documentType=A80&offset=600 etag=None" "$work/www/paged.requests" ||
                fail "nobody looked behind a last page that is full"
        while IFS='|' read -r mode says; do
                set_mode paged "$mode"
                for _ in $(seq 150); do
                        found=$(capacity .feed.error)
                        [[ $found == *"$says"* ]] && break
                        sleep 0.1
                done
                [[ $found == *"$says"* ]] || fail "paged: the error is \"$found\", not \"...$says...\""
                [ "$(capacity .now_w)" = 500000000 ] || fail "$mode: the last good value is not in force"
                sleep 2
                [ "$(grep -cF "$says" "$work/offpeakd.log")" = 1 ] || fail "$mode: not logged once"
                set_mode paged three
                wait_capacity .feed.failures 0
                wait_capacity .feed.pages 3
        done <<<"$paged"
        [ "$(grep "^forever" "$work/www/paged.requests" | grep -c offset=5000)" = 0 ] || fail "page 26 was asked for"
        set_mode paged one
        wait_capacity .now_w 700000000
        wait_capacity .feed.pages 1
}

everything_is_good_at_first() {
        while IFS='|' read -r mode says; do
                wait_signal "$mode" .state ok 10
                [ "$(signal "$mode" .in_use)" = published ] || fail "$mode: not in use"
        done <<<"$failures"
        wait_signal packed .state ok 10
        wait_signal year .state ok 10
        expect_failure down "nobody answers there"
        [ "$(signal down .in_use)" = nothing ] || fail "down: something is in use"
        [ "$(signal down .state)" = failing ] || fail "down: not failing"
        head -n 1 "$work/www/slow.requests" |
                grep -Eq "^good /feed/slow\?from=20[0-9-]{8}T[0-9:]{5}Z&key=s3cr3t%2Ft%2Bken .*token=s3cr3t/t\+ken agent=offpeak/" ||
                fail "the request is not as configured: $(head -n 1 "$work/www/slow.requests")"
}

a_mapping_reads_what_is_fetched() {
        wait_signal charts .state ok 10
        [ "$(signal charts '.feed.mapping')" = energy_charts ] || fail "charts: no mapping"
        [ "$(signal charts '.now_micro_per_mwh % 1000000')" = 250000 ] || fail "charts: another price: $(signal charts '')"
        set_mode charts half
        expect_failure charts "feed/charts:"
        [ "$(signal charts .in_use)" = published ] || fail "charts: the last good price is not in use"
}

everything_breaks() {
        local mode says n
        while IFS='|' read -r mode says; do
                set_mode "$mode" "$mode"
        done <<<"$failures"
        set_mode packed packed
        set_mode spike spike
        set_mode year year
        while IFS='|' read -r mode says; do
                expect_failure "$mode" "$says"
                [ "$(signal "$mode" .state)" = failing ] || fail "$mode: not failing"
                [ "$(signal "$mode" .in_use)" = published ] || fail "$mode: the last good price is not in use"
        done <<<"$failures"
        wait_signal spike .state quarantined 10
        [ "$(signal spike '.feed.quarantined[0].value_micro_per_mwh')" = 94640000000 ] || fail "the spike is not told"
        [ "$(signal spike .gaps)" = 1 ] || fail "the spike is not unknown"
        wait_signal year '.covers_from_utc | fromdate | (now - .) / 86400 > 362' true 10
        wait_signal packed .state ok 10
}

# As many log lines as there were changes, however often it was tried.
everything_is_logged_once() {
        local mode says n asked
        asked=$(wc -l <"$work/www/busy.requests") # it has failed by now
        sleep 8
        while IFS='|' read -r mode says; do
                [ "$mode" = busy ] || [ "$(signal "$mode" .feed.failures)" -ge 2 ] || fail "$mode: was tried once only"
                n=$(grep -c "$mode: price: .*stays in force" "$work/offpeakd.log")
                [ "$n" = 1 ] || fail "$mode: logged $n times"
        done <<<"$failures"
        [ "$(grep -c "spike: price: .*1 value is outside" "$work/offpeakd.log")" = 1 ] || fail "the spike is not logged once"
        [ "$(grep -c "down: price: .*nothing is known of it so far" "$work/offpeakd.log")" = 1 ] || fail "down: not logged once"
        grep -q "etag=\"bad\"" "$work/www/badtag.requests" && fail "the tag of a bad answer was sent back"
        grep -q 'etag="one"' "$work/www/tag.requests" || fail "no tag was sent"
        [ "$(signal tag .state)" = ok ] || fail "304 is no failure"
        [ "$(wc -l <"$work/www/busy.requests")" = "$asked" ] || fail "Retry-After was not honoured"
        [ "$(signal busy '.feed | (.next_try_utc | fromdate) - (.tried_utc | fromdate) >= 3599')" = true ] ||
                fail "the next try is sooner than asked: $(signal busy .feed)"
}

write_local() { # write_local FIRST-DAY DAYS: hourly prices from so many days ago on
        local first=$(($(date +%s) / 86400 * 86400 - $1 * 86400))
        {
                echo time,price_eur_per_mwh
                for ((hour = 0; hour < $2 * 24; hour++)); do
                        printf '%(%Y-%m-%dT%H:%M:%SZ)T,%d\n' $((first + hour * 3600)) $((40 + hour % 24))
                done
        } >"$work/local.new"
        mv "$work/local.new" "$work/local.csv"
}

files_are_judged_too() {
        wait_signal local .state ok 5
        rm "$work/local.csv"
        expect_failure local "local.csv: no such file"
        [ "$(signal local .in_use)" = published ] || fail "local: the last good price is not in use"
        write_local 1 3
        wait_signal local .state ok 10
        write_local 2 3
        expect_failure local "this is older than what came before"
        offpeak reload || fail "no reload"
        wait_signal local .state ok 10
        wait_signal local '.covers_until_utc | fromdate | . - now < 86400' true 5
}

# What is wrong with it is found on the loop, with a file that it names in a worker thread: both are told.
a_wrong_configuration_changes_nothing() {
        local said
        cp "$work/offpeakd.yaml" "$work/right.yaml"
        echo "nonsense: 1" >>"$work/offpeakd.yaml"
        said=$(offpeak reload 2>&1) && fail "nonsense was taken"
        [[ $said == *'unknown key "nonsense"'* ]] || fail "nonsense: $said"
        sed 's/local.csv/gone.csv/' "$work/right.yaml" >"$work/offpeakd.yaml"
        said=$(offpeak reload 2>&1) && fail "a file that is not there was taken"
        [[ $said == *'gone.csv: cannot be opened'* ]] || fail "gone.csv: $said"
        kill -HUP "$daemon"
        for _ in $(seq 50); do
                grep -q "was not read again, the old one holds: .*gone.csv" "$work/offpeakd.log" && break
                sleep 0.1
        done
        grep -q "was not read again, the old one holds: .*gone.csv" "$work/offpeakd.log" || fail "SIGHUP said nothing"
        cp "$work/right.yaml" "$work/offpeakd.yaml"
        [ "$(signal local .state)" = ok ] || fail "local: not the old configuration"
        for _ in 1 2 3 4 5; do # one after the other, and some while the last one is under way
                offpeak reload >/dev/null 2>&1 &
        done
        wait_signal local .state ok 10
        offpeak reload >/dev/null || sleep 0.5 && offpeak reload >/dev/null || fail "no reload any more"
        wait_signal local .state ok 10
}

a_fifo_is_no_file() {
        mkfifo "$work/fifo"
        echo "sites: [{name: a, currency: EUR, grid: {price: fifo}}]" >"$work/fifo.yaml"
        timeout 5 "$build/scheduler/offpeakd" --check --config "$work/fifo.yaml" >"$work/fifo.log" 2>&1
        [ $? != 124 ] && grep -q "fifo: is no regular file" "$work/fifo.log" || fail "a fifo: $(cat "$work/fifo.log")"
}

a_reload_asks_nobody_too_soon() {
        local before
        set_mode kilowatt good # a reload would take the other unit
        wait_signal kilowatt .feed.failures 0 10
        before=$(wc -l <"$work/www/busy.requests")
        grep -c stays "$work/offpeakd.log" >"$work/logged"
        offpeak reload >/dev/null || fail "no reload"
        sleep 2.5
        [ "$(wc -l <"$work/www/busy.requests")" = "$before" ] || fail "a reload forgot what Retry-After said"
        [ "$(signal busy .state)" = failing ] || fail "a reload forgot that a feed fails"
        [ "$(signal broken '.feed.failures >= 3')" = true ] || fail "a reload forgot how often a feed failed"
        [ "$(grep -c stays "$work/offpeakd.log")" = "$(cat "$work/logged")" ] || fail "a reload logged failures again"
}

nothing_shows_the_secret() {
        offpeak signals >"$work/shown" && offpeak signals --json >>"$work/shown"
        grep -Eq 's3cr3t|s3cr3t%2F' "$work/offpeakd.log" "$work/shown" && fail "the secret was shown"
        [ -e "$work/www/stolen.requests" ] && fail "the secret was sent elsewhere"
        offpeak signals --json | jq -r '.. | .source? // empty' | grep -q '?' && fail "the query was shown"
        return 0
}

answers_come_meanwhile() {
        local before took longest=0
        for _ in $(seq 40); do
                before=$(date +%s%N)
                offpeak nodes --json >/dev/null || fail "no answer"
                took=$((($(date +%s%N) - before) / 1000000))
                [ $took -le $longest ] || longest=$took
        done
        echo "longest of 40 answers: $longest ms"
        [ $longest -lt 1500 ] || fail "an answer took $longest ms"
}

# While all of this goes on.
a_job_runs_meanwhile() {
        local id state before after
        before=$(date +%s%N)
        id=$(offpeak submit --parsable -t 1m --gpus 1 --site slow -o "$work/job.out" -- /bin/echo it ran) ||
                fail "the job was not taken"
        after=$(date +%s%N)
        [ $(((after - before) / 1000000)) -lt 3000 ] || fail "the answer took $(((after - before) / 1000000)) ms"
        for _ in $(seq 300); do
                state=$(offpeak jobs --all --json | jq -r ".jobs[] | select(.id == $id).state")
                [ "$state" = done ] && break
                sleep 0.1
        done
        [ "$state" = done ] && grep -q "it ran" "$work/job.out" || fail "the job is $state: $(offpeak show "$id")"
}

# No address is waited for: twenty that say nothing, and an answer within a moment of the start.
the_start_waits_for_nobody() {
        local before after
        before=$(date +%s%N)
        "$build/scheduler/offpeakd" --config "$work/offpeakd.yaml" >"$work/offpeakd.log" 2>&1 &
        daemon=$!
        pids+=("$daemon")
        for _ in $(seq 100); do
                offpeak nodes --json >/dev/null 2>&1 && break
                sleep 0.05
        done
        after=$(date +%s%N)
        echo "first answer after $(((after - before) / 1000000)) ms"
}

everything_recovers() {
        local mode says
        while IFS='|' read -r mode says; do
                set_mode "$mode" good
        done <<<"$failures"
        while IFS='|' read -r mode says; do
                [ "$mode" = busy ] || wait_signal "$mode" .feed.failures 0 20
                [ "$mode" = busy ] || [ "$(grep -c "$mode: price: .* is good again" "$work/offpeakd.log")" = 1 ] ||
                        fail "$mode: its recovery is not logged once"
        done <<<"$failures"
}

# Requests are under way, some with half an answer.
the_end_waits_for_nobody() {
        local before
        for mode in html empty cut; do
                set_mode "$mode" slow
        done
        set_mode drip drip
        sleep 2.5
        before=$(date +%s%N)
        kill -TERM "$daemon"
        wait "$daemon" || fail "the scheduler does not end well"
        echo "ended after $((($(date +%s%N) - before) / 1000000)) ms"
        [ $((($(date +%s%N) - before) / 1000000)) -lt 1500 ] || fail "the end waited for an address"
}

tls_is_verified() {
        [ -n "$tls" ] || return 0
        wait_signal trusted .state ok 10
        expect_failure expired "certificate has expired"
        expect_failure self "certificate is signed by itself"
        expect_failure other "not of this machine's name"
        expect_failure stranger "signed by nobody whom this machine knows"
        set_mode downgrade http
        expect_failure downgrade "redirects from https to http"
}

mkdir "$work/www" "$work/tls"
export TZ=UTC
write_local 1 3
serve "$work/www/port"
make_certificates
write_config
"$build/scheduler/offpeakd" --check --config "$work/offpeakd.yaml" || fail "the configuration is refused"
ls "$work"/www/*.requests >/dev/null 2>&1 && fail "--check fetched something"
the_start_waits_for_nobody
"$build/agent/offpeak-agent" --config "$work/n1.yaml" >"$work/n1.log" 2>&1 &
pids+=($!)
everything_is_good_at_first
a_mapping_reads_what_is_fetched
tls_is_verified
everything_breaks
answers_come_meanwhile
a_job_runs_meanwhile
everything_is_logged_once
a_reload_asks_nobody_too_soon
nothing_shows_the_secret
everything_recovers
files_are_judged_too
outages_come_in_pages
a_wrong_configuration_changes_nothing
a_fifo_is_no_file
the_end_waits_for_nobody
[ -n "$tls" ] || { echo "skipped: all but TLS was tested" && exit 77; }
