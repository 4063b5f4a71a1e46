/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_in_force.c - the scheduler's answer on its policy -> the file that says the same -> that file read.
 *
 * Only what a policy is made of is written: feeds, secrets and endpoints are the daemon's. An address that is shown
 * without its query will do, since nobody asks it.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fail.h"
#include "cli/document.h"
#include "cli/policy.h"
#include "io/config.h"

static bool is_policy(const json_t *entry)
{
        static const char *const parts[] = { "sites", "classes", "planner", "timing", "nodes" };
        const char *part = json_string_value(json_array_get(json_object_get(entry, "at"), 0));

        for (size_t i = 0; part != NULL && i < sizeof(parts) / sizeof(parts[0]); i++)
                if (strcmp(part, parts[i]) == 0)
                        return true;
        return false;
}

/* NULL: ENOMEM. */
static json_t *without_secrets(const json_t *document)
{
        json_t *values = json_array(), *entry;
        size_t i;

        json_array_foreach(json_object_get(document, "values"), i, entry)
        {
                const char *kind = document_text(entry, "kind");
                bool cut = kind != NULL && strcmp(kind, "cut") == 0;
                json_t *kept;

                if (!is_policy(entry) || (cut && !json_is_string(json_object_get(entry, "value"))))
                        continue;
                kept = json_copy(entry);
                if (cut)
                        json_object_set_new(kept, "kind", json_string("value"));
                json_array_append_new(values, kept);
        }
        return json_pack("{s:o}", "values", values);
}

static int write_into(int file, const json_t *document, struct offpeak_error *err)
{
        json_t *plain = without_secrets(document);
        FILE *out = fdopen(dup(file), "w");
        int code = plain != NULL && out != NULL ? policy_write_yaml(plain, out) : OFFPEAK_ENOMEM;

        if (out != NULL && fclose(out) != 0)
                code = OFFPEAK_ENOMEM;
        json_decref(plain);
        return code == 0 ? 0 : fail(err, OFFPEAK_ENOMEM, "out of memory");
}

int policy_in_force(const json_t *document, struct config *ret_config, struct offpeak_error *err)
{
        int file = memfd_create("offpeak-policy", MFD_CLOEXEC), code;
        char path[64];

        if (file < 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
        code = write_into(file, document, err);
        if (code == 0 && policy_read_config(path, ret_config, err) != 0)
                code = fail(err, OFFPEAK_EPROTOCOL,
                            "the scheduler's policy is not one that this program understands: are they of one version? "
                            "`offpeak version` tells");
        close(file);
        return code;
}
