#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Install headers and library into an empty prefix, build a small C program against them through pkg-config, run it, and
# see that the library shows the functions of its headers and nothing else.
set -eu
cmake=$1 build=$2 source=$3 cc=$4 libdir=$5 sanitize=$6

command -v pkg-config >/dev/null || { echo "skipped: pkg-config is not installed"; exit 77; }
command -v nm >/dev/null || { echo "skipped: nm is not installed"; exit 77; }
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

"$cmake" --install "$build" --component liboffpeak --prefix "$prefix" >/dev/null
[ -e "$prefix/$libdir/liboffpeak.so.0" ] || { echo "no liboffpeak.so.0 under $prefix/$libdir"; exit 1; }

export PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig"
flags=$(pkg-config --cflags --libs offpeak)
# shellcheck disable=SC2086
"$cc" -std=c11 -Wall -Wextra -Werror -pedantic ${sanitize:+-fsanitize=$sanitize} "$source/uses_library.c" \
        -o "$prefix/uses_library" $flags
LD_LIBRARY_PATH="$prefix/$libdir" "$prefix/uses_library"

# Headers are C++ headers, too.
if command -v c++ >/dev/null; then
        for header in "$prefix"/include/offpeak/*.h; do
                printf '#include <offpeak/%s>\n' "$(basename "$header")"
        done >"$prefix/all.cc"
        c++ -fsyntax-only -Wall -Wextra -Werror -I"$prefix/include" "$prefix/all.cc"
fi

# Shown, and declared: "type offpeak_name(" at the beginning of a line of a header.
nm -D --defined-only "$prefix/$libdir/liboffpeak.so" | awk '{ print $3 }' | grep -v '^__' | sort >"$prefix/shown"
sed -nE 's/^[a-z].*[ *](offpeak_[a-z_]+)\(.*/\1/p' "$prefix"/include/offpeak/*.h | sort -u >"$prefix/declared"
[ -s "$prefix/declared" ] || { echo "no declarations found"; exit 1; }
diff "$prefix/declared" "$prefix/shown" || { echo "< declared and not shown, > shown and not declared"; exit 1; }
