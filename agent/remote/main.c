/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offpeak-rsh - start a command on another node of the job it is called in, as rsh and ssh would: what launchers are
 * given as their remote shell (launch_env.c). What it starts is part of the job there. `--hold` is the other end.
 *
 * Called by the name of ssh, it is for launchers that know no other; to hosts beyond the job it calls the ssh that
 * comes next in the PATH.
 */
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/remote/remote_hold.h"
#include "agent/remote/remote_run.h"
#include "base/fail.h"

enum { EXIT_OURS = 255 }; /* as with ssh: not of the command */

static int complain(const struct offpeak_error *err)
{
        fprintf(stderr, "offpeak-rsh: %s\n", err->text);
        return EXIT_OURS;
}

static int read_file(struct remote_file *ret_file, struct offpeak_error *err)
{
        const char *path = getenv("OFFPEAK_REMOTE");

        if (path == NULL || path[0] == '\0')
                return fail(err, OFFPEAK_ESTATE,
                            "OFFPEAK_REMOTE is not set: this works inside a job of `offpeak submit --launcher head`");
        return remote_file_read(path, ret_file, err);
}

static int hold(void)
{
        struct remote_file file;
        struct offpeak_error err;
        int code = read_file(&file, &err);

        if (code != 0)
                return complain(&err);
        code = remote_hold(&file, &err);
        remote_file_finish(&file);
        return code == 0 ? 0 : complain(&err);
}

/* Words of "-x", "-xqo VALUE" or "-oVALUE": 1, or 2 with the next one. */
static int words_of(const char *option)
{
        const char *takes = strpbrk(option + 1, "BbcDEeFIiJLlmOopQRSWw");

        return takes != NULL && takes[1] == '\0' ? 2 : 1;
}

/* Options of rsh and ssh that launchers give. What they ask for is so here, or makes no difference. */
static int skip_options(int argc, char **argv, int i)
{
        while (i < argc && argv[i][0] == '-' && argv[i][1] != '\0' && strcmp(argv[i], "--") != 0)
                i += words_of(argv[i]);
        return i < argc && strcmp(argv[i], "--") == 0 ? i + 1 : i;
}

/* Options may also stand behind the host. False: there is no host, or no command for it. */
static bool find_words(int argc, char **argv, int *ret_host, int *ret_command)
{
        *ret_host = skip_options(argc, argv, 1);
        *ret_command = skip_options(argc, argv, *ret_host + 1);
        return *ret_command < argc;
}

/* One text of the words, which the other node's shell takes apart again. NULL: out of memory. */
static char *join(char *const *words, int n)
{
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        if (out == NULL)
                return NULL;
        for (int i = 0; i < n; i++)
                fprintf(out, "%s%s", i > 0 ? " " : "", words[i]);
        if (fclose(out) == 0)
                return text;
        free(text);
        return NULL;
}

static int run(const char *host, const char *command)
{
        const struct remote_node *node;
        struct offpeak_error err;
        struct remote_file file;
        int32_t status;
        int code = read_file(&file, &err);

        if (code != 0)
                return complain(&err);
        node = remote_file_find(&file, host);
        if (node == NULL)
                code = fail(&err, OFFPEAK_ENOTFOUND, "%s is no node of this job: $OFFPEAK_HOSTFILE names them", host);
        if (code == 0)
                code = remote_run(&file, node, command, &status, &err);
        remote_file_finish(&file);
        if (code != 0)
                return complain(&err);
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool same_file(const char *path, const struct stat *self)
{
        struct stat other;

        return stat(path, &other) == 0 && other.st_ino == self->st_ino && other.st_dev == self->st_dev;
}

/* The next in the PATH that is not we. Returns only if there is none. */
static int call_next_ssh(char **argv)
{
        const char *at = getenv("PATH");
        char path[PATH_MAX];
        struct stat self;

        if (stat("/proc/self/exe", &self) < 0)
                memset(&self, 0, sizeof(self));
        for (size_t length; at != NULL && *at != '\0'; at += length + (at[length] == ':')) {
                length = strcspn(at, ":");
                snprintf(path, sizeof(path), "%.*s/ssh", (int)length, at);
                if (access(path, X_OK) == 0 && !same_file(path, &self))
                        execv(path, argv);
        }
        fprintf(stderr, "ssh: no ssh is installed here, and this is no command for a node of the job\n");
        return EXIT_OURS;
}

static bool is_ssh(const char *name)
{
        const char *slash = strrchr(name, '/');

        return strcmp(slash != NULL ? slash + 1 : name, "ssh") == 0;
}

/* A command, for a node of the job that we are in? */
static bool is_for_job(int argc, char **argv)
{
        struct remote_file file;
        int host, first;
        bool ours;

        if (!find_words(argc, argv, &host, &first) || read_file(&file, NULL) != 0)
                return false;
        ours = remote_file_find(&file, argv[host]) != NULL;
        remote_file_finish(&file);
        return ours;
}

int main(int argc, char **argv)
{
        int host, first, status;
        char *command;

        if (argc == 2 && strcmp(argv[1], "--hold") == 0) {
                signal(SIGPIPE, SIG_IGN);
                return hold();
        }
        if (is_ssh(argv[0]) && !is_for_job(argc, argv))
                return call_next_ssh(argv);
        signal(SIGPIPE, SIG_IGN);
        if (!find_words(argc, argv, &host, &first)) {
                fprintf(stderr, "usage: offpeak-rsh HOST COMMAND...\n"
                                "Runs a command on another node of the job it is called in.\n");
                return EXIT_OURS;
        }
        command = join(argv + first, argc - first);
        if (command == NULL) {
                fprintf(stderr, "offpeak-rsh: out of memory\n");
                return EXIT_OURS;
        }
        status = run(argv[host], command);
        free(command);
        return status;
}
