/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail(struct offpeak_error *err, int code, const char *format, ...)
{
        va_list args;

        if (err == NULL)
                return code;
        err->code = code;
        va_start(args, format);
        vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
        return code;
}

int fail_at(struct offpeak_error *err, const char *format, ...)
{
        char said[sizeof(err->text)];
        va_list args;
        size_t used;

        if (err == NULL)
                return OFFPEAK_EINTERNAL;
        memcpy(said, err->text, sizeof(said));
        va_start(args, format);
        vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
        used = strlen(err->text);
        snprintf(err->text + used, sizeof(err->text) - used, ": %s", said);
        return err->code;
}

static const struct {
        int code;
        int exit_code;
        const char *name;
        const char *text;
} codes[] = {
#define OFFPEAK_X(name, number, exit_code, text) { number, exit_code, #name, text },
        OFFPEAK_ERRORS(OFFPEAK_X)
#undef OFFPEAK_X
};

static size_t find(int code)
{
        for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
                if (codes[i].code == code)
                        return i;
        return 0 - (size_t)OFFPEAK_EINTERNAL; /* the list is numbered downwards from 0 */
}

const char *offpeak_code_name(int code)
{
        return codes[find(code)].name;
}

const char *offpeak_code_text(int code)
{
        return codes[find(code)].text;
}

int offpeak_exit_code(int code)
{
        return codes[find(code)].exit_code;
}
