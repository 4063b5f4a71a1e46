#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_install_deps.sh - deploy/install-deps on machines made of stubs: what is there, what apt does and who one is are
# files in a scratch folder. Nothing is installed.
set -euo pipefail

script=$(cd "$(dirname "$0")/../../deploy" && pwd)/install-deps
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

stub() { # stub NAME: a command, its body on standard input
        { printf '#!/bin/bash\n' && cat; } >"$scratch/bin/$1"
        chmod +x "$scratch/bin/$1"
}

# A Debian 12 where all of the build group is there, whose apt notes how it is called, and one is root.
new_machine() {
        rm -rf "${scratch:?}"/*
        mkdir "$scratch/bin" "$scratch/there"
        local name
        for name in bash env cat grep head sort touch mkdir sleep; do
                ln -s "$(command -v $name)" "$scratch/bin/$name"
        done
        for name in cc ninja protoc-c jq mpirun pdsh python3 cbc clp spin ip; do
                stub $name </dev/null
        done
        echo 'echo cmake version 3.25.1' | stub cmake
        echo 'echo 0' | stub id
        echo "[ ! -e $scratch/missing ] || [[ \$2 != libuv* ]]" | stub pkg-config
        echo "echo installed" | stub dpkg-query
        echo 'echo "  Candidate: 1.0"' | stub apt-cache
        stub apt-get <<STUB
echo "\$@" >>$scratch/calls
case "\$*" in
*update*) [ ! -s $scratch/bad_updates ] || { rest=\$(head -c -1 $scratch/bad_updates); echo -n "\$rest" >$scratch/bad_updates; exit 100; } ;;
*install*) rm -f $scratch/missing ;;
esac
STUB
        ln -s "$(command -v rm)" "$scratch/bin/rm"
        printf 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12"\n' >"$scratch/os-release"
}

run_it() { # run_it CODE OPTIONS...: its output in $output
        local want=$1 code=0
        shift
        output=$(env -i PATH="$scratch/bin" OFFPEAK_OS_RELEASE="$scratch/os-release" "$script" "$@" 2>&1) || code=$?
        [ $code -eq "$want" ] || fail "exit $code, not $want"
}

fail() {
        printf 'FAILED: %s: %s\n%s\n' "$case" "$*" "$output" >&2
        exit 1
}

says() {
        [[ $output == *"$1"* ]] || fail "does not say: $1"
}

calls() { # calls NUMBER: of apt-get
        local n=0
        [ ! -e "$scratch/calls" ] || n=$(wc -l <"$scratch/calls")
        [ "$n" -eq "$1" ] || fail "$n calls of apt-get, not $1"
}

output=
case="nothing is missing: nothing is called, and no root is needed"
new_machine
echo 'echo 1000' | stub id
run_it 0 --all
says "all that building needs is here"
says "all optional parts are here"
calls 0

case="a missing library is named and installed"
new_machine
touch "$scratch/missing"
run_it 1 --print
says "missing: libuv1-dev"
calls 0
run_it 0
says "installing libuv1-dev"
calls 2
grep -q 'install.* libuv1-dev$' "$scratch/calls" || fail "not installed"
run_it 0
calls 2

case="a lock of another apt is waited for"
grep -q 'DPkg::Lock::Timeout=' "$scratch/calls" || fail "no time-out for the lock"

case="an update that fails once is tried again"
new_machine
touch "$scratch/missing"
echo -n x >"$scratch/bad_updates"
run_it 0
calls 3

case="an update that fails twice ends it"
new_machine
touch "$scratch/missing"
echo -n xx >"$scratch/bad_updates"
run_it 1
says "apt-get update failed twice"
calls 2

case="neither root nor sudo: the packages are named"
new_machine
touch "$scratch/missing"
echo 'echo 1000' | stub id
run_it 1
says "needs root, and there is no sudo"
says "  libuv1-dev"
calls 0

case="with sudo it goes through it"
echo "echo sudo >>$scratch/sudo_calls; exec \"\$@\"" | stub sudo
run_it 0
[ "$(wc -l <"$scratch/sudo_calls")" -eq 2 ] || fail "sudo was not asked twice"

case="another distribution: the packages are named"
new_machine
touch "$scratch/missing"
printf 'ID=fedora\nPRETTY_NAME="Fedora Linux 40"\n' >"$scratch/os-release"
run_it 1
says "Fedora Linux 40 is not Debian or Ubuntu"
says "  libuv1-dev"
calls 0

case="an old cmake counts as missing, and one that stays old is said"
new_machine
echo 'echo cmake version 3.22.6' | stub cmake
run_it 1
says "too old or not found: cmake"

case="an optional part that is not to be had is left out"
new_machine
# shellcheck disable=SC2016
echo '[ "$4" != python3-torch ] && echo installed' | stub dpkg-query
echo 'echo "  Candidate: (none)"' | stub apt-cache
run_it 0 --optional
says "no package python3-torch here"
calls 1

case="an option it does not know"
run_it 64 --nonsense

echo "install-deps does as it says on 11 machines"
