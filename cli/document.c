/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/document.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"

int document_parse(const char *text, const char *schema, json_t **ret_document, struct offpeak_error *err)
{
        json_error_t why;
        json_t *document = json_loads(text != NULL ? text : "", JSON_REJECT_DUPLICATES, &why);
        const char *got;

        if (document == NULL)
                return fail(err, OFFPEAK_EPROTOCOL, "the scheduler's answer is not JSON: %s at byte %d", why.text,
                            why.position);
        got = document_text(document, "schema");
        if (got == NULL || strcmp(got, schema) != 0) {
                fail(err, OFFPEAK_EPROTOCOL,
                     "the scheduler answers in \"%.60s\" and this program reads \"%s\": use the same version of both",
                     got != NULL ? got : "no schema", schema);
                json_decref(document);
                return OFFPEAK_EPROTOCOL;
        }
        *ret_document = document;
        return 0;
}

bool document_int(const json_t *object, const char *key, int64_t *ret_value)
{
        const json_t *value = json_object_get(object, key);

        if (!json_is_integer(value))
                return false;
        *ret_value = json_integer_value(value);
        return true;
}

bool document_real(const json_t *object, const char *key, double *ret_value)
{
        const json_t *value = json_object_get(object, key);

        if (!json_is_number(value))
                return false;
        *ret_value = json_number_value(value);
        return true;
}

int64_t document_int_or(const json_t *object, const char *key, int64_t fallback)
{
        document_int(object, key, &fallback);
        return fallback;
}

const char *document_text(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

bool document_true(const json_t *object, const char *key)
{
        return json_is_true(json_object_get(object, key));
}

int64_t document_time(const json_t *object, const char *key)
{
        const char *text = document_text(object, key);
        int64_t time = 0;

        if (text == NULL || when_parse_iso(text, &time, NULL) != 0)
                return 0;
        return time;
}

static const char *unknown(char *buffer)
{
        strcpy(buffer, "-");
        return buffer;
}

const char *document_money(const json_t *object, const char *key, const char *currency, char *buffer)
{
        int64_t micro;

        return document_int(object, key, &micro) ? text_format_money(micro, currency, buffer) : unknown(buffer);
}

const char *document_energy(const json_t *object, const char *key, char *buffer)
{
        int64_t joules;

        return document_int(object, key, &joules) ? text_format_energy(joules, buffer) : unknown(buffer);
}

const char *document_mass(const json_t *object, const char *key, char *buffer)
{
        int64_t mg;

        return document_int(object, key, &mg) ? text_format_mass(mg, buffer) : unknown(buffer);
}
