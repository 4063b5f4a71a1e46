/* SPDX-License-Identifier: Apache-2.0 */
/* A holder and who asks it, each a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/remote/remote_hold.h"
#include "agent/remote/remote_run.h"

enum { PATIENCE_S = 20, FAILED = 200 };

struct fixture {
        char root[64], address[32];
        struct remote_node node;
        struct remote_file file;
        pid_t holder;
};

static int free_port(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        close(fd);
        return ntohs(address.sin_port);
}

static pid_t start_holder(const struct fixture *f)
{
        pid_t pid = fork();

        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                _exit(remote_hold(&f->file, NULL) == 0 ? 0 : FAILED);
        }
        return pid;
}

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        strcpy(f->root, "/tmp/offpeak-remote-XXXXXX");
        assert_non_null(mkdtemp(f->root));
        snprintf(f->address, sizeof(f->address), "127.0.0.1:%d", free_port());
        f->node = (struct remote_node){ (char *)"n1", f->address };
        f->file = (struct remote_file){ .signal = SIGUSR1, .nodes = &f->node, .n_nodes = 1 };
        memset(f->file.secret, 0x5a, sizeof(f->file.secret));
        assert_int_equal(chdir(f->root), 0);
        f->holder = start_holder(f);
        *state = f;
        return 0;
}

static int wait_for(pid_t pid)
{
        int status = 0;

        for (int i = 0; i < PATIENCE_S * 100; i++) {
                if (waitpid(pid, &status, WNOHANG) == pid)
                        return status;
                usleep(10000);
        }
        fail_msg("process %d does not end", (int)pid);
        return status;
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char command[96];

        if (f->holder > 0) {
                kill(f->holder, SIGKILL);
                waitpid(f->holder, NULL, 0);
        }
        snprintf(command, sizeof(command), "rm -rf %s", f->root);
        assert_int_equal(chdir("/"), 0);
        assert_int_equal(system(command), 0);
        free(f);
        return 0;
}

/* In the background; its output goes to the file "out", or to fd. Exits with the status that a shell would show. */
static pid_t ask(const struct remote_file *file, const char *command, int fd)
{
        pid_t pid = fork();
        int32_t status = 0;

        if (pid != 0)
                return pid;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fd >= 0 ? fd : open("out", O_WRONLY | O_CREAT | O_TRUNC, 0644), STDOUT_FILENO);
        if (remote_run(file, file->nodes, command, &status, NULL) != 0)
                _exit(FAILED);
        _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static void wait_for_file(const char *name)
{
        for (int i = 0; i < PATIENCE_S * 100 && access(name, F_OK) < 0; i++)
                usleep(10000);
        assert_int_equal(access(name, F_OK), 0);
}

static void a_command_runs_and_its_status_comes_back(void **state)
{
        struct fixture *f = *state;
        char text[32] = "";
        int fd;

        assert_int_equal(WEXITSTATUS(wait_for(ask(&f->file, "echo \"$((6 * 7))\"; exit 3", -1))), 3);
        fd = open("out", O_RDONLY);
        assert_int_equal(read(fd, text, sizeof(text) - 1), 3);
        close(fd);
        assert_string_equal(text, "42\n");
        assert_int_equal(WEXITSTATUS(wait_for(ask(&f->file, "kill -SEGV $$", -1))), 128 + SIGSEGV);
        assert_int_equal(WEXITSTATUS(wait_for(ask(&f->file, "no-such-command 2>/dev/null", -1))), 127);
}

static void many_run_at_once(void **state)
{
        struct fixture *f = *state;
        pid_t pids[12];

        for (int i = 0; i < 12; i++) {
                char command[64];

                snprintf(command, sizeof(command), "sleep 0.%d; exit %d", 12 - i, i);
                pids[i] = ask(&f->file, command, -1);
        }
        for (int i = 0; i < 12; i++)
                assert_int_equal(WEXITSTATUS(wait_for(pids[i])), i);
}

static void who_does_not_know_the_secret_starts_nothing(void **state)
{
        struct fixture *f = *state;
        struct remote_file other = f->file;
        pid_t pid;

        other.secret[31] ^= 1;
        pid = ask(&other, "touch intruded", -1);
        assert_int_equal(WEXITSTATUS(wait_for(ask(&f->file, "sleep 2; test ! -e intruded", -1))), 0);
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

static void one_that_does_not_read_makes_the_other_wait(void **state)
{
        struct fixture *f = *state;
        uint8_t buffer[65536];
        size_t total = 0;
        int ends[2];
        ssize_t n;
        pid_t pid;

        assert_int_equal(pipe(ends), 0);
        pid = ask(&f->file, "head -c 30000000 /dev/zero; touch written", ends[1]);
        close(ends[1]);
        usleep(1500000);
        assert_int_equal(access("written", F_OK), -1); /* it is not kept in memory somewhere */
        while ((n = read(ends[0], buffer, sizeof(buffer))) > 0)
                total += (size_t)n;
        close(ends[0]);
        assert_int_equal(total, 30000000);
        assert_int_equal(wait_for(pid), 0);
        assert_int_equal(access("written", F_OK), 0);
}

static void a_command_ends_with_who_asked(void **state)
{
        static const int signals[] = { SIGKILL, SIGTERM, SIGHUP };
        struct fixture *f = *state;

        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
                pid_t pid = ask(&f->file, "trap 'touch ended; exit' TERM; touch up; while :; do sleep 0.05; done", -1);

                wait_for_file("up");
                kill(pid, SIGUSR1); /* the job's own signal is not for it */
                usleep(200000);
                assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
                kill(pid, signals[i]);
                wait_for(pid);
                wait_for_file("ended");
                unlink("up");
                unlink("ended");
        }
}

/* What ignores SIGTERM is killed, and what it wrote meanwhile is nobody's. */
static void a_command_that_does_not_want_to_end_is_killed(void **state)
{
        struct fixture *f = *state;
        pid_t pid = ask(&f->file, "trap '' TERM; echo $$ > pid.new; mv pid.new pid; while :; do echo lots; done", -1);
        FILE *file;
        int other = 0;

        wait_for_file("pid");
        kill(pid, SIGKILL);
        wait_for(pid);
        file = fopen("pid", "r");
        assert_int_equal(fscanf(file, "%d", &other), 1);
        fclose(file);
        for (int i = 0; i < PATIENCE_S * 100 && kill(other, 0) == 0; i++)
                usleep(10000);
        assert_int_equal(kill(other, 0), -1);
}

static void a_stop_lets_commands_end_and_takes_none(void **state)
{
        struct fixture *f = *state;
        pid_t pid = ask(&f->file, "touch up; while [ ! -e go ]; do sleep 0.05; done; exit 6", -1);

        wait_for_file("up");
        kill(f->holder, SIGUSR1);
        usleep(200000);
        assert_int_equal(WEXITSTATUS(wait_for(ask(&f->file, "touch intruded", -1))), FAILED);
        assert_int_equal(close(open("go", O_WRONLY | O_CREAT, 0644)), 0);
        assert_int_equal(WEXITSTATUS(wait_for(pid)), 6);
        assert_int_equal(wait_for(f->holder), 0);
        f->holder = 0;
        assert_int_equal(access("intruded", F_OK), -1);
}

static void a_holder_without_commands_leaves_at_once(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(WEXITSTATUS(wait_for(ask(&f->file, "true", -1))), 0); /* it is up */
        kill(f->holder, SIGTERM);
        assert_int_equal(wait_for(f->holder), 0);
        f->holder = 0;
}

static void it_may_be_asked_before_it_is_there(void **state)
{
        struct fixture *f = *state;
        pid_t pid;

        kill(f->holder, SIGKILL);
        waitpid(f->holder, NULL, 0);
        pid = ask(&f->file, "exit 4", -1);
        usleep(700000);
        f->holder = start_holder(f);
        assert_int_equal(WEXITSTATUS(wait_for(pid)), 4);
}

static void once_the_job_is_stopped_nothing_is_asked(void **state)
{
        struct fixture *f = *state;
        pid_t pid;

        kill(f->holder, SIGKILL);
        waitpid(f->holder, NULL, 0);
        f->holder = 0;
        assert_int_equal(setenv("OFFPEAK_STOP_FILE", "stop", 1), 0);
        pid = ask(&f->file, "true", -1);
        usleep(200000);
        assert_int_equal(close(open("stop", O_WRONLY | O_CREAT, 0644)), 0);
        assert_int_equal(WEXITSTATUS(wait_for(pid)), FAILED);
        assert_int_equal(WEXITSTATUS(wait_for(ask(&f->file, "true", -1))), FAILED);
        unsetenv("OFFPEAK_STOP_FILE");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(a_command_runs_and_its_status_comes_back),
                TEST(many_run_at_once),
                TEST(who_does_not_know_the_secret_starts_nothing),
                TEST(one_that_does_not_read_makes_the_other_wait),
                TEST(a_command_ends_with_who_asked),
                TEST(a_command_that_does_not_want_to_end_is_killed),
                TEST(a_stop_lets_commands_end_and_takes_none),
                TEST(a_holder_without_commands_leaves_at_once),
                TEST(it_may_be_asked_before_it_is_there),
                TEST(once_the_job_is_stopped_nothing_is_asked),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
