/* SPDX-License-Identifier: Apache-2.0 */
/* store_file.c - who may read the store: SQLite makes its files readable to all, and jobs' secrets are in them. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/store_parts.h"

void store_file_make(const char *path)
{
        const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

        if (fd >= 0)
                close(fd);
}

void store_file_hide(const char *path)
{
        static const char *const suffixes[] = { "", "-wal", "-shm" };
        char name[PATH_MAX + 8];
        struct stat st;

        for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
                snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
                if (stat(name, &st) == 0 && (st.st_mode & S_IRWXO) != 0)
                        chmod(name, st.st_mode & (S_IRWXU | S_IRWXG));
        }
}
