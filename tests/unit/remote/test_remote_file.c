/* SPDX-License-Identifier: Apache-2.0 */
/* The file by which the processes of a job with launcher head find and trust each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/remote/remote_file.h"

struct fixture {
        char root[64], path[80];
        int dir;
        char *nodes[3], *addresses[3];
        struct message_order order;
};

static int setup(void **state)
{
        static char *const nodes[] = { (char *)"n1", (char *)"n2", (char *)"10.0.0.1" };
        static char *const addresses[] = { (char *)"10.0.0.1:10007", (char *)"[fd00::2]:10008",
                                           (char *)"n3.hall:10009" };
        struct fixture *f = calloc(1, sizeof(*f));

        strcpy(f->root, "/tmp/offpeak-remote-XXXXXX");
        assert_non_null(mkdtemp(f->root));
        snprintf(f->path, sizeof(f->path), "%s/remote", f->root);
        f->dir = open(f->root, O_RDONLY | O_DIRECTORY);
        memcpy(f->nodes, nodes, sizeof(nodes));
        memcpy(f->addresses, addresses, sizeof(addresses));
        f->order.launch = (struct message_launch){ .spec.launcher = OFFPEAK_LAUNCHER_HEAD,
                                                   .rank = 2,
                                                   .nodes = f->nodes,
                                                   .n_nodes = 3,
                                                   .addresses = f->addresses,
                                                   .n_addresses = 3,
                                                   .uid = geteuid() };
        for (size_t i = 0; i < OFFPEAK_SECRET_SIZE; i++)
                f->order.launch.spec.secret[i] = (uint8_t)(7 * i + 3);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        unlink(f->path);
        close(f->dir);
        rmdir(f->root);
        free(f);
        return 0;
}

static void what_is_written_is_read(void **state)
{
        struct fixture *f = *state;
        struct remote_file file;
        struct stat st;

        assert_int_equal(remote_file_write(f->dir, &f->order, NULL), 0);
        assert_int_equal(stat(f->path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0400);
        assert_int_equal(remote_file_read(f->path, &file, NULL), 0);
        assert_int_equal(file.rank, 2);
        assert_int_equal(file.signal, SIGTERM);
        assert_memory_equal(file.secret, f->order.launch.spec.secret, OFFPEAK_SECRET_SIZE);
        assert_int_equal(file.n_nodes, 3);
        assert_string_equal(file.nodes[1].name, "n2");
        assert_string_equal(file.nodes[1].address, "[fd00::2]:10008");
        remote_file_finish(&file);
        f->order.launch.spec.signal = SIGUSR1;
        assert_int_equal(remote_file_write(f->dir, &f->order, NULL), 0); /* in the place of the first */
        assert_int_equal(remote_file_read(f->path, &file, NULL), 0);
        assert_int_equal(file.signal, SIGUSR1);
        remote_file_finish(&file);
}

static void a_node_is_found_by_name_and_address(void **state)
{
        static const struct {
                const char *host, *address; /* NULL: none */
        } cases[] = {
                { "n1", "10.0.0.1:10007" },
                { "ana@n2", "[fd00::2]:10008" },
                { "fd00::2", "[fd00::2]:10008" },
                { "10.0.0.1", "n3.hall:10009" }, /* a name before an address */
                { "n3.hall", "n3.hall:10009" },
                { "n3", NULL },
                { "", NULL },
                { "n3.hall:10009", NULL },
        };
        struct fixture *f = *state;
        struct remote_file file;

        assert_int_equal(remote_file_write(f->dir, &f->order, NULL), 0);
        assert_int_equal(remote_file_read(f->path, &file, NULL), 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const struct remote_node *node = remote_file_find(&file, cases[i].host);

                if (cases[i].address == NULL)
                        assert_null(node);
                else
                        assert_string_equal(node->address, cases[i].address);
        }
        remote_file_finish(&file);
}

static void names_that_would_break_lines_are_refused(void **state)
{
        static char *const bad[] = { (char *)"a b", (char *)"a\nrank 0", (char *)"\t" };
        struct fixture *f = *state;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                f->nodes[1] = bad[i];
                assert_int_equal(remote_file_write(f->dir, &f->order, NULL), OFFPEAK_EINVAL);
                f->nodes[1] = (char *)"n2";
                f->addresses[1] = bad[i];
                assert_int_equal(remote_file_write(f->dir, &f->order, NULL), OFFPEAK_EINVAL);
                f->addresses[1] = (char *)"n2:1";
        }
        assert_int_equal(access(f->path, F_OK), -1);
}

static void a_damaged_file_is_refused(void **state)
{
#define SECRET "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
        static const char *const bad[] = {
                "rank 0\nsignal 15\nsecret " SECRET "\n",              /* no node */
                "rank 1\nsignal 15\nsecret " SECRET "\nnode a a:1\n",  /* not that many */
                "rank 0\nsignal 15\nsecret 0" SECRET "\nnode a a:1\n", /* too long */
                "rank 0\nsignal 15\nsecret x" SECRET "\nnode a a:1\n",
                "rank 0\nsecret " SECRET "\nnode a a:1\n",
                "rank 0\nsignal 15\nsecret " SECRET "\nnode a\n",
                "rank 0\nsignal 99\nsecret " SECRET "\nnode a a:1\n",
        };
        struct fixture *f = *state;
        struct offpeak_error err;
        struct remote_file file;

        assert_int_equal(remote_file_read(f->path, &file, &err), OFFPEAK_ENOTFOUND);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                FILE *out = fopen(f->path, "w");

                fputs(bad[i], out);
                fclose(out);
                assert_int_equal(remote_file_read(f->path, &file, &err), OFFPEAK_EINVAL);
                assert_non_null(strstr(err.text, f->path));
                assert_null(strstr(err.text, "aabb")); /* what is secret is in no complaint */
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(what_is_written_is_read),
                TEST(a_node_is_found_by_name_and_address),
                TEST(names_that_would_break_lines_are_refused),
                TEST(a_damaged_file_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
