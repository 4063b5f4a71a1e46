/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static _Atomic int threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
        threshold = level;
}

size_t log_line(char line[LOG_LINE_SIZE], enum log_level level, bool with_priority, const char *text)
{
        size_t used = 0;

        if (with_priority)
                used = (size_t)snprintf(line, LOG_LINE_SIZE, "<%d>", level);
        for (; *text != '\0' && used < LOG_LINE_SIZE - 2; text++) {
                unsigned char c = (unsigned char)*text;
                line[used++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
        }
        line[used++] = '\n';
        line[used] = '\0';
        return used;
}

/* systemd tells in the environment which stream it reads; a shell may have pointed stderr elsewhere since. */
static bool journal_reads(int fd)
{
        const char *stream = getenv("JOURNAL_STREAM");
        uintmax_t device, inode;
        struct stat status;

        return stream != NULL && sscanf(stream, "%ju:%ju", &device, &inode) == 2 && fstat(fd, &status) == 0 &&
               device == status.st_dev && inode == status.st_ino;
}

static void say(enum log_level level, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void say(enum log_level level, const char *format, va_list args)
{
        char text[LOG_LINE_SIZE], line[LOG_LINE_SIZE];
        int saved_errno = errno;

        if ((int)level > threshold)
                return;
        vsnprintf(text, sizeof(text), format, args);
        size_t size = log_line(line, level, journal_reads(STDERR_FILENO), text);
        if (write(STDERR_FILENO, line, size) < 0) {
                /* nowhere left to complain */
        }
        errno = saved_errno;
}

#define LOG_FUNCTION(name, level)                                                                                      \
        void name(const char *format, ...)                                                                             \
        {                                                                                                              \
                va_list args;                                                                                          \
                va_start(args, format);                                                                                \
                say(level, format, args);                                                                              \
                va_end(args);                                                                                          \
        }

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
