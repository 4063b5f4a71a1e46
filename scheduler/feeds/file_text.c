/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/file_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

/* All that is left of a file. EINVAL beyond largest, ENOMEM, EIO. */
static int read_stream(FILE *file, size_t largest, char **ret_text, size_t *ret_size)
{
        size_t size = 0, room = 0;
        char *text = NULL;

        while (size == room && room <= largest) {
                char *more = realloc(text, room * 2 + 65536);

                if (more == NULL) {
                        free(text);
                        return OFFPEAK_ENOMEM;
                }
                text = more;
                room = room * 2 + 65536;
                size += fread(text + size, 1, room - size, file);
        }
        if (size > largest || ferror(file)) {
                free(text);
                return size > largest ? OFFPEAK_EINVAL : OFFPEAK_EIO;
        }
        *ret_text = text;
        *ret_size = size;
        return 0;
}

int file_text_read(const char *path, size_t largest, char **ret_text, size_t *ret_size, struct offpeak_error *err)
{
        FILE *file = fopen(path, "rbe");
        int code, why;

        if (file == NULL)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "%s: cannot be opened: %s", path,
                            strerror(errno));
        errno = 0;
        code = read_stream(file, largest, ret_text, ret_size);
        why = errno;
        fclose(file);
        if (code == OFFPEAK_EIO)
                return fail(err, code, "%s: cannot be read: %s", path, strerror(why));
        if (code == OFFPEAK_EINVAL)
                return fail(err, code, "%s: is larger than %zu MiB: cut it", path, largest >> 20);
        return code == 0 ? 0 : fail(err, code, "%s: %s", path, offpeak_code_text(code));
}
