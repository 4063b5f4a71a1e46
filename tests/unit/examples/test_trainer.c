/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_trainer.c - the example job, run as a process: stopped, killed, started again, it ends with the same bytes as
 * when it is left alone.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOSS_LINE = 27, MAX_ARGS = 24 };

/* A scratch folder, which is also where the trainer runs. */
struct scratch {
        char path[64];
        char file[PATH_MAX]; /* of the last in_scratch() */
};

static const char *in_scratch(struct scratch *scratch, const char *name)
{
        snprintf(scratch->file, sizeof(scratch->file), "%s/%s", scratch->path, name);
        return scratch->file;
}

static int set_up(void **state)
{
        struct scratch *scratch = calloc(1, sizeof(*scratch));
        assert_non_null(scratch);
        strcpy(scratch->path, "/tmp/offpeak-trainer-XXXXXX");
        assert_non_null(mkdtemp(scratch->path));
        *state = scratch;
        return 0;
}

static int tear_down(void **state)
{
        static const char *const names[] = { "trainer.ckpt", "trainer.ckpt.new", "loss",         "progress", "output",
                                             "stop",         "straight.ckpt",    "straight.loss" };
        struct scratch *scratch = *state;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                unlink(in_scratch(scratch, names[i]));
        assert_int_equal(rmdir(scratch->path), 0);
        free(scratch);
        return 0;
}

/* A whole file, NUL-terminated; the caller frees it. */
static char *slurp(const char *path, size_t *ret_size)
{
        struct stat info;
        int fd = open(path, O_RDONLY);
        assert_true(fd >= 0);
        assert_int_equal(fstat(fd, &info), 0);
        char *bytes = calloc(1, (size_t)info.st_size + 1);
        assert_non_null(bytes);
        assert_int_equal(read(fd, bytes, (size_t)info.st_size), info.st_size);
        close(fd);
        *ret_size = (size_t)info.st_size;
        return bytes;
}

static void assert_same_file(const char *a, const char *b)
{
        size_t size_a, size_b;
        char *bytes_a = slurp(a, &size_a), *bytes_b = slurp(b, &size_b);
        assert_int_equal(size_a, size_b);
        assert_memory_equal(bytes_a, bytes_b, size_a);
        free(bytes_a);
        free(bytes_b);
}

/*
 * Start the trainer in the scratch folder on a small problem, with more options after those (the last one is NULL).
 * With signals_blocked a SIGTERM stays pending from its first moment on.
 */
static pid_t start(struct scratch *scratch, bool signals_blocked, ...)
{
        const char *argv[MAX_ARGS] = { TRAINER, "--hidden",   "12",  "--batch", "2", "--checkpoint-every",
                                       "10",    "--loss-log", "loss" };
        size_t argc = 9;
        va_list more;
        va_start(more, signals_blocked);
        while ((argv[argc] = va_arg(more, const char *)) != NULL)
                argc++;
        va_end(more);

        char progress[PATH_MAX + 32], stop[PATH_MAX + 32];
        snprintf(progress, sizeof(progress), "OFFPEAK_PROGRESS=%s/progress", scratch->path);
        snprintf(stop, sizeof(stop), "OFFPEAK_STOP_FILE=%s/stop", scratch->path);
        const char *envp[] = { progress, stop, NULL };

        sigset_t blocked, before;
        sigemptyset(&blocked);
        if (signals_blocked)
                sigaddset(&blocked, SIGTERM);
        sigprocmask(SIG_SETMASK, &blocked, &before);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                int output = open(in_scratch(scratch, "output"), O_WRONLY | O_CREAT | O_TRUNC, 0644);
                if (chdir(scratch->path) || dup2(output, 1) < 0 || dup2(output, 2) < 0)
                        _exit(126);
                execve(TRAINER, (char *const *)argv, (char *const *)envp);
                _exit(127);
        }
        sigprocmask(SIG_SETMASK, &before, NULL);
        return pid;
}

static int finish(pid_t pid)
{
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

static void assert_exit(pid_t pid, int code)
{
        int status = finish(pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), code);
}

/* Wait until the log has that many steps, or the trainer has ended (which the caller finds out by finish()). */
static void wait_for_step(struct scratch *scratch, pid_t pid, long step)
{
        struct stat info;
        siginfo_t ended = { 0 };
        do {
                nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
                if (stat(in_scratch(scratch, "loss"), &info) == 0 && info.st_size >= step * LOSS_LINE)
                        return;
                assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT), 0);
        } while (ended.si_pid == 0);
}

/* The last "done total" line. */
static void last_progress(struct scratch *scratch, long *ret_done, long *ret_total)
{
        size_t size;
        char *text = slurp(in_scratch(scratch, "progress"), &size);
        assert_true(size > 0 && text[size - 1] == '\n');
        text[size - 1] = '\0';
        char *line = strrchr(text, '\n');
        assert_int_equal(sscanf(line ? line + 1 : text, "%ld %ld", ret_done, ret_total), 2);
        free(text);
}

static double mean_loss(struct scratch *scratch, long first, long last)
{
        size_t size;
        char *text = slurp(in_scratch(scratch, "loss"), &size);
        assert_true((long)size >= last * LOSS_LINE);
        double sum = 0.0;
        for (long step = first; step <= last; step++) {
                long number = strtol(text + (step - 1) * LOSS_LINE, NULL, 10);
                assert_int_equal(number, step);
                sum += strtod(text + (step - 1) * LOSS_LINE + 10, NULL);
        }
        free(text);
        return sum / (double)(last - first + 1);
}

/* Train without a break, and put the results aside. */
static void train_straight(struct scratch *scratch, const char *steps, const char *seed)
{
        char aside[PATH_MAX];
        assert_exit(start(scratch, false, "--steps", steps, "--seed", seed, NULL), 0);
        snprintf(aside, sizeof(aside), "%s/straight.ckpt", scratch->path);
        assert_int_equal(rename(in_scratch(scratch, "trainer.ckpt"), aside), 0);
        snprintf(aside, sizeof(aside), "%s/straight.loss", scratch->path);
        assert_int_equal(rename(in_scratch(scratch, "loss"), aside), 0);
}

static void assert_as_straight(struct scratch *scratch)
{
        char other[PATH_MAX];
        snprintf(other, sizeof(other), "%s/straight.ckpt", scratch->path);
        assert_same_file(in_scratch(scratch, "trainer.ckpt"), other);
        snprintf(other, sizeof(other), "%s/straight.loss", scratch->path);
        assert_same_file(in_scratch(scratch, "loss"), other);
}

/* Run it to the end, interrupted by the given signals at random steps; returns how many interruptions really happened.
 */
static int train_interrupted(struct scratch *scratch, const char *seed, const int *signals, int n_signals)
{
        int interrupted = 0;
        long done = 0, total;
        srand((unsigned)atoi(seed));
        for (int i = 0; i < n_signals; i++) {
                pid_t pid = start(scratch, false, "--steps", "600", "--seed", seed, "--step-ms", "2", NULL);
                wait_for_step(scratch, pid, done + 1 + rand() % 40);
                kill(pid, signals[i]);
                int status = finish(pid);
                if (signals[i] == SIGTERM)
                        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
                last_progress(scratch, &done, &total);
                assert_int_equal(total, 600);
                if (done < total)
                        interrupted++;
                struct stat log;
                assert_int_equal(stat(in_scratch(scratch, "loss"), &log), 0);
                done = log.st_size / LOSS_LINE;
        }
        assert_exit(start(scratch, false, "--steps", "600", "--seed", seed, NULL), 0);
        return interrupted;
}

static void test_stopped_and_resumed_gives_the_same_bytes(void **state)
{
        static const int signals[] = { SIGTERM, SIGTERM, SIGTERM, SIGTERM };
        train_straight(*state, "600", "3");
        assert_true(train_interrupted(*state, "3", signals, 4) >= 1);
        assert_as_straight(*state);
}

static void test_killed_and_resumed_gives_the_same_bytes(void **state)
{
        static const int signals[] = { SIGKILL, SIGTERM, SIGKILL, SIGKILL, SIGTERM, SIGKILL };
        train_straight(*state, "600", "11");
        assert_true(train_interrupted(*state, "11", signals, 6) >= 1);
        assert_as_straight(*state);
}

static void test_it_learns_and_the_seed_matters(void **state)
{
        struct scratch *scratch = *state;
        size_t size_a, size_b;
        assert_exit(start(scratch, false, "--steps", "800", "--seed", "1", NULL), 0);
        assert_true(mean_loss(scratch, 701, 800) < 0.85 * mean_loss(scratch, 1, 20));
        char *first = slurp(in_scratch(scratch, "trainer.ckpt"), &size_a);
        assert_int_equal(unlink(scratch->file), 0);
        assert_exit(start(scratch, false, "--steps", "800", "--seed", "2", NULL), 0);
        char *second = slurp(in_scratch(scratch, "trainer.ckpt"), &size_b);
        assert_int_equal(size_a, size_b);
        assert_memory_not_equal(first, second, size_a);
        free(first);
        free(second);
}

/* What agents rely on: an attempt that is started after the work is done ends, and says that it is complete. */
static void test_a_finished_job_ends_at_once(void **state)
{
        struct scratch *scratch = *state;
        struct stat before, after;
        long done, total;
        assert_exit(start(scratch, false, "--steps", "40", NULL), 0);
        assert_int_equal(stat(in_scratch(scratch, "trainer.ckpt"), &before), 0);
        assert_int_equal(unlink(in_scratch(scratch, "progress")), 0);
        assert_exit(start(scratch, false, "--steps", "40", "--step-ms", "60000", NULL), 0);
        assert_int_equal(stat(in_scratch(scratch, "trainer.ckpt"), &after), 0);
        assert_int_equal(before.st_ino, after.st_ino);
        last_progress(scratch, &done, &total);
        assert_int_equal(done, 40);
        assert_int_equal(total, 40);
}

/* A stop that comes before the program's first line waits for it: one step, a checkpoint, and out. */
static void test_a_stop_during_start_up_is_not_lost(void **state)
{
        struct scratch *scratch = *state;
        long done, total;
        pid_t pid = start(scratch, true, "--steps", "40", "--step-ms", "60000", NULL);
        kill(pid, SIGTERM);
        assert_exit(pid, 0);
        last_progress(scratch, &done, &total);
        assert_int_equal(done, 1);
        assert_int_equal(access(in_scratch(scratch, "trainer.ckpt"), R_OK), 0);
}

static void test_another_stop_signal_and_the_reason(void **state)
{
        struct scratch *scratch = *state;
        size_t size;
        FILE *stop = fopen(in_scratch(scratch, "stop"), "w");
        assert_non_null(stop);
        fputs("price above its limit\n", stop);
        fclose(stop);
        pid_t pid = start(scratch, false, "--steps", "40", "--step-ms", "60000", "--signal", "USR1", NULL);
        wait_for_step(scratch, pid, 1);
        kill(pid, SIGUSR1);
        assert_exit(pid, 0);
        char *output = slurp(in_scratch(scratch, "output"), &size);
        assert_non_null(strstr(output, "stopped after step 1: price above its limit\n"));
        free(output);
}

/* A crash in the middle of a save leaves half a temporary file, which nobody reads. */
static void test_half_a_temporary_file_does_not_matter(void **state)
{
        struct scratch *scratch = *state;
        train_straight(scratch, "600", "5");
        pid_t pid = start(scratch, false, "--steps", "600", "--seed", "5", "--step-ms", "2", NULL);
        wait_for_step(scratch, pid, 15);
        kill(pid, SIGKILL);
        finish(pid);
        FILE *half = fopen(in_scratch(scratch, "trainer.ckpt.new"), "w");
        assert_non_null(half);
        fputs("offpeak1 and no more", half);
        fclose(half);
        assert_exit(start(scratch, false, "--steps", "600", "--seed", "5", NULL), 0);
        assert_as_straight(scratch);
}

static void spoil(struct scratch *scratch, long at, bool cut)
{
        int fd = open(in_scratch(scratch, "trainer.ckpt"), O_RDWR);
        unsigned char byte;
        assert_true(fd >= 0);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x40;
        if (cut)
                assert_int_equal(ftruncate(fd, at), 0);
        else
                assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
}

/* Never train on from garbage, and never overwrite it unasked. */
static void test_a_damaged_checkpoint_is_refused(void **state)
{
        static const struct {
                long at;
                bool cut;
                const char *says;
        } cases[] = { { 0, false, "damaged" },     { 60, false, "damaged" }, { 700, false, "damaged" },
                      { 0, true, "damaged" },      { 50, true, "damaged" },  { 1000, true, "damaged" },
                      { 9, false, "another text" } };
        struct scratch *scratch = *state;
        size_t size, good_size;
        assert_exit(start(scratch, false, "--steps", "20", NULL), 0);
        char *good = slurp(in_scratch(scratch, "trainer.ckpt"), &good_size);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                spoil(scratch, cases[i].at, cases[i].cut);
                assert_exit(start(scratch, false, "--steps", "40", NULL), 65);
                char *output = slurp(in_scratch(scratch, "output"), &size);
                assert_non_null(strstr(output, cases[i].says));
                free(output);
                FILE *file = fopen(in_scratch(scratch, "trainer.ckpt"), "w");
                assert_non_null(file);
                assert_int_equal(fwrite(good, 1, good_size, file), good_size);
                fclose(file);
        }
        assert_exit(start(scratch, false, "--steps", "40", NULL), 0);
        free(good);
}

static void test_bad_options_are_refused(void **state)
{
        struct scratch *scratch = *state;
        static const char *const bad[][2] = { { "--steps", "0" },  { "--steps", "-5" },  { "--steps", "12x" },
                                              { "--rate", "nan" }, { "--rate", "-1" },   { "--signal", "KILL" },
                                              { "--batch", "" },   { "--nonsense", "1" } };
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_exit(start(scratch, false, bad[i][0], bad[i][1], NULL), 64);
        assert_exit(start(scratch, false, "--data", "/nonexistent", NULL), 74);
        assert_exit(start(scratch, false, "--data", "/dev/null", NULL), 74);
        assert_exit(start(scratch, false, "--checkpoint", "/nonexistent", "--steps", "5", NULL), 74);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_stopped_and_resumed_gives_the_same_bytes, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_killed_and_resumed_gives_the_same_bytes, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_it_learns_and_the_seed_matters, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_finished_job_ends_at_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_stop_during_start_up_is_not_lost, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_another_stop_signal_and_the_reason, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_half_a_temporary_file_does_not_matter, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_damaged_checkpoint_is_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_bad_options_are_refused, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
