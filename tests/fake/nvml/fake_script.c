/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake/nvml/fake_script.h"

static void put(const struct fake_script *script)
{
        char fresh[128];
        FILE *file;

        snprintf(fresh, sizeof(fresh), "%s.new", script->path);
        file = fopen(fresh, "w");
        assert_non_null(file);
        fputs(script->text, file);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(rename(fresh, script->path), 0);
}

void fake_script_open(struct fake_script *script)
{
        memset(script, 0, sizeof(*script));
        strcpy(script->folder, "/tmp/offpeak-nvml-XXXXXX");
        assert_non_null(mkdtemp(script->folder));
        snprintf(script->path, sizeof(script->path), "%s/script", script->folder);
        script->text = strdup("");
        put(script);
        assert_int_equal(setenv("OFFPEAK_FAKE_NVML", script->path, 1), 0);
}

void fake_script_close(struct fake_script *script)
{
        char limits[128];

        snprintf(limits, sizeof(limits), "%s.limits", script->path);
        unlink(limits);
        unlink(script->path);
        assert_int_equal(rmdir(script->folder), 0);
        free(script->text);
}

void fake_say(struct fake_script *script, const char *format, ...)
{
        char *line, *text;
        va_list args;

        va_start(args, format);
        assert_true(vasprintf(&line, format, args) >= 0);
        va_end(args);
        assert_true(asprintf(&text, "%s%s\n", script->text, line) >= 0);
        free(script->text);
        free(line);
        script->text = text;
        put(script);
}

const char *fake_limits(const struct fake_script *script, char *buffer, size_t size)
{
        char path[128];
        size_t n = 0;
        FILE *file;

        snprintf(path, sizeof(path), "%s.limits", script->path);
        file = fopen(path, "r");
        if (file != NULL) {
                n = fread(buffer, 1, size - 1, file);
                fclose(file);
        }
        buffer[n] = '\0';
        return buffer;
}
