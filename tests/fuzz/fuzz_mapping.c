/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a description, "key=value" a line, and behind an empty line as the file that it describes. A description
 * that is taken can be copied, and the copy reads the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/mapping_read.h"
#include "feeds/mappings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
        if (!truth)
                abort();
}

/* One line of the description. */
static void take_line(struct mapping *mapping, const char *line, size_t size)
{
        struct offpeak_error err = { 0 };
        char text[200], *value;
        int code;

        if (size >= sizeof(text))
                return;
        memcpy(text, line, size);
        text[size] = '\0';
        value = strchr(text, '=');
        if (value == NULL)
                return;
        *value++ = '\0';
        code = mapping_set(mapping, text, value, &err);
        expect(code == 0 || err.text[0] != '\0');
}

/* All lines to the empty one; what lies behind it. */
static size_t take_head(struct mapping *mapping, const char *text, size_t size)
{
        size_t at = 0;

        while (at < size) {
                const char *end = memchr(text + at, '\n', size - at);
                size_t length = (end != NULL ? (size_t)(end - text) : size) - at;

                if (length > 0)
                        take_line(mapping, text + at, length);
                at += length + (end != NULL);
                if (length == 0)
                        break;
        }
        return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct csv_request request = { .file = "fuzz", .site = "s" };
        struct offpeak_error err = { 0 };
        struct series series, again;
        struct mapping mapping, copy;
        const char *text;
        size_t head;
        int code;

        mapping_init(&mapping, mappings_find(MAPPING_OWN));
        head = take_head(&mapping, (const char *)data, size);
        text = (const char *)data + head;
        code = mapping_parse(&mapping, &request, text, size - head, &series, NULL, &err);
        expect(code == 0 || (code == OFFPEAK_EINVAL && strncmp(err.text, "fuzz", 4) == 0));
        expect(mapping_copy(&mapping, &copy) == 0);
        mapping_finish(&mapping);
        expect(mapping_parse(&copy, &request, text, size - head, &again, NULL, &err) == code);
        if (code == 0) {
                expect(series_same_values(&series, &again));
                series_finish(&series);
                series_finish(&again);
        }
        mapping_finish(&copy);
        return 0;
}
