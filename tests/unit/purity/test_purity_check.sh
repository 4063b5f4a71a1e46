#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# test_purity_check.sh CC AR NM PURITY ALLOWED [SANITIZE] - the check of the pure folders finds what it is there to find.
set -eu
cc=$1 ar=$2 nm=$3 purity=$4 allowed=$5 sanitize=${6:-}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# try EXPECTED(pure|PATTERN) NAME: the C of standard input; PATTERN must be in the verdict.
try() {
        cat >"$work/$2.c"
        rm -f "$work/$2.a"
        "$cc" -std=c17 -D_GNU_SOURCE -O1 -fPIC ${sanitize:+-fsanitize=$sanitize} -c "$work/$2.c" -o "$work/$2.o"
        "$ar" rc "$work/$2.a" "$work/$2.o"
        if "$purity" "$nm" "$allowed" "$work/$2.a" >"$work/$2.out" 2>&1; then verdict=pure; else verdict=impure; fi
        case "$1:$verdict" in
        pure:pure) return ;;
        pure:impure) ;;
        *:impure) grep -q -- "$1" "$work/$2.out" && return ;;
        esac
        echo "$2: wanted $1, got $verdict:"
        cat "$work/$2.out"
        failed=1
}

try pure arithmetic <<'C'
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static const char *const names[] = { "a", "b" };
static const int squares[] = { 1, 4, 9 };
const char *name(int i) { return names[i & 1]; }
char *text(double x) { char *t = malloc(40); if (t) snprintf(t, 40, "%g %d", sqrt(x), squares[(int)x % 3]); return t; }
C
try 'uses clock_gettime' clock <<'C'
#include <time.h>
long now(void) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); return t.tv_sec; }
C
try 'uses time:' time <<'C'
#include <time.h>
long now(void) { return time(NULL); }
C
try 'uses getenv' environment <<'C'
#include <stdlib.h>
const char *home(void) { return getenv("HOME"); }
C
try 'uses fopen' file <<'C'
#include <stdio.h>
int can_read(const char *path) { FILE *f = fopen(path, "r"); return f != NULL; }
C
try 'uses stderr' stream <<'C'
#include <stdio.h>
FILE *where(void) { return stderr; }
C
try 'uses rand' random <<'C'
#include <stdlib.h>
int dice(void) { return rand() % 6; }
C
try 'uses uv_loop_new' library <<'C'
void *uv_loop_new(void);
void *loop(void) { return uv_loop_new(); }
C
try 'keeps state in counter' file_static <<'C'
static int counter;
int count(void) { return ++counter; }
C
try 'keeps state in .*counter' function_static <<'C'
int count(void) { static int counter = 7; return ++counter; }
C
try 'keeps state in shared' global <<'C'
int shared = 1;
int get(void) { return shared; }
C
try 'keeps state in mine' thread_local <<'C'
static _Thread_local int mine;
int count(void) { return ++mine; }
C
try 'keeps state in names' writable_table <<'C'
static const char *names[] = { "a", "b" };
void set(int i, const char *name) { names[i] = name; }
const char *get(int i) { return names[i]; }
C

# Two libraries may use each other; one alone may not use what is not there.
printf 'int other(void);\nint one(void) { return other(); }\n' >"$work/one.c"
printf 'int other(void) { return 1; }\nint f(void *); int g(void *p) { return f(p); } int f(void *p) { return p != 0; }\n' >"$work/two.c"
for part in one two; do
        "$cc" -c "$work/$part.c" -o "$work/$part.o"
        "$ar" rc "$work/$part.a" "$work/$part.o"
done
"$purity" "$nm" "$allowed" "$work/one.a" "$work/two.a" || { echo "two libraries: wanted pure"; failed=1; }
if "$purity" "$nm" "$allowed" "$work/one.a" >/dev/null; then echo "one library: wanted impure"; failed=1; fi

# Nothing to look at is no verdict.
if "$purity" "$nm" "$allowed" "$work/missing.a" >/dev/null 2>&1; then echo "no library: wanted a failure"; failed=1; fi
exit $failed
