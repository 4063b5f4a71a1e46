/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as an address with places: what is taken can be filled in at any time, and shows no brace of a place. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/url_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const int64_t times[] = { 0, 86399, 1795357800, 4102444800 };
        const char *secrets[64];
        struct offpeak_error err = { 0 };
        struct url_form form;
        char text[512];

        memcpy(text, data, size < 511 ? size : 511);
        text[size < 511 ? size : 511] = '\0';
        if (url_form_parse(text, &form, &err) != 0) {
                if (err.code != OFFPEAK_EINVAL || err.text[0] == '\0')
                        abort();
                return 0;
        }
        for (size_t i = 0; i < 64; i++)
                secrets[i] = "s3{cr}t"; /* no address holds a brace but for its places */
        for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
                char *filled = url_form_fill(&form, times[i], secrets, true);

                if (filled == NULL || strpbrk(filled, "{}") != NULL)
                        abort();
                free(filled);
        }
        url_form_finish(&form);
        return 0;
}
