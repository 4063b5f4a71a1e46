/* SPDX-License-Identifier: Apache-2.0 */
/* feed_checks.h - what tests of mappings share. Include after cmocka.h. */
#ifndef OFFPEAK_TESTS_FEED_CHECKS_H
#define OFFPEAK_TESTS_FEED_CHECKS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "feeds/mapping_read.h"
#include "feeds/mappings.h"
#include "feeds/summary.h"

/* A ready mapping with properties "key=value", NULL after the last. */
static inline struct mapping check_mapping(const char *name, const char *const *sets)
{
        struct offpeak_error err = { 0 };
        struct mapping mapping;

        assert_non_null(mappings_find(name));
        mapping_init(&mapping, mappings_find(name));
        for (; sets != NULL && *sets != NULL; sets++) {
                const char *equals = strchr(*sets, '=');
                char key[64];

                snprintf(key, sizeof(key), "%.*s", (int)(equals - *sets), *sets);
                if (mapping_set(&mapping, key, equals + 1, &err) != 0)
                        fail_msg("%s: %s", *sets, err.text);
        }
        return mapping;
}

/* From a heap copy of exactly its size: a sanitizer sees a read beyond it. */
static inline int check_parse(const struct mapping *mapping, const struct csv_request *request, const char *text,
                              size_t size, struct series *series, struct mapping_facts *facts,
                              struct offpeak_error *err)
{
        char *copy = malloc(size + (size == 0));
        int code;

        memcpy(copy, text, size);
        code = mapping_parse(mapping, request, copy, size, series, facts, err);
        free(copy);
        return code;
}

static inline int64_t check_time(const char *text)
{
        int64_t time;

        assert_int_equal(when_parse_iso(text, &time, NULL), 0);
        return time;
}

#endif
