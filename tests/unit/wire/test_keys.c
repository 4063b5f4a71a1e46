/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/wire/loop_fixture.h"
#include "wire/keys.h"

static char *in(const struct fixture *fixture, const char *name, char buffer[160])
{
        return fixture_path(fixture, "", name, buffer);
}

static void generate(const struct fixture *fixture, const char *name, enum wire_role role)
{
        struct offpeak_error err;

        if (wire_keys_generate(fixture->folder, name, role, &err) != 0)
                fail_msg("%s", err.text);
}

static void read_file(const char *path, char text[4096])
{
        FILE *file = fopen(path, "r");
        size_t size;

        assert_non_null(file);
        size = fread(text, 1, 4095, file);
        text[size] = '\0';
        fclose(file);
}

static void write_file(const char *path, mode_t mode, const char *text)
{
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        chmod(path, mode);
}

static void a_pair_is_two_files_and_one_is_secret(void **state)
{
        struct fixture *fixture = *state;
        char path[160], text[4096];
        struct stat status;

        generate(fixture, "n1", WIRE_ROLE_AGENT);
        assert_int_equal(stat(in(fixture, "n1.key", path), &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        read_file(path, text);
        assert_non_null(strstr(text, "\nsecret-key = "));
        read_file(in(fixture, "n1.pub", path), text);
        assert_non_null(strstr(text, "\nname = n1\nrole = agent\npublic-key = "));
        assert_null(strstr(text, "secret-key"));
}

static void both_sides_load_what_was_made(void **state)
{
        struct fixture *fixture = *state;
        char key[160], server[160];
        struct wire_keys keys, client;
        struct offpeak_error err;

        generate(fixture, "scheduler", WIRE_ROLE_SERVER);
        generate(fixture, "n1", WIRE_ROLE_AGENT);
        generate(fixture, "ana", WIRE_ROLE_USER);
        if (wire_keys_load_server(in(fixture, "scheduler.key", key), fixture->folder, &keys, &err) != 0)
                fail_msg("%s", err.text);
        if (wire_keys_load_client(in(fixture, "n1.key", key), in(fixture, "scheduler.pub", server), &client, &err) != 0)
                fail_msg("%s", err.text);
        assert_int_equal(keys.n_authorised, 2); /* not the server's own */
        assert_string_equal(client.server_key, keys.own.public_key);
        assert_int_equal(wire_keys_find(&keys, client.own.public_key)->role, WIRE_ROLE_AGENT);
        assert_string_equal(wire_keys_find(&keys, client.own.public_key)->name, "n1");
        assert_null(wire_keys_find(&keys, keys.own.public_key));
        assert_null(wire_keys_find(&keys, ""));
        wire_keys_finish(&keys);
        wire_keys_finish(&client);
}

static void a_secret_that_others_can_read_is_refused(void **state)
{
        struct fixture *fixture = *state;
        char key[160], server[160];
        struct wire_keys keys = { 0 };
        struct offpeak_error err;
        static const mode_t wide[] = { 0640, 0604, 0660, 0601, 0620 };

        generate(fixture, "scheduler", WIRE_ROLE_SERVER);
        generate(fixture, "n1", WIRE_ROLE_AGENT);
        in(fixture, "n1.key", key);
        for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
                chmod(key, wide[i]);
                assert_int_equal(wire_keys_load_client(key, in(fixture, "scheduler.pub", server), &keys, &err),
                                 OFFPEAK_EPERMISSION);
                assert_non_null(strstr(err.text, "chmod 600"));
                assert_non_null(strstr(err.text, key));
        }
        chmod(key, 0400);
        assert_int_equal(wire_keys_load_client(key, server, &keys, &err), 0);
        wire_keys_finish(&keys);
}

static void a_folder_that_others_can_write_is_refused(void **state)
{
        struct fixture *fixture = *state;
        char key[160];
        struct wire_keys keys;
        struct offpeak_error err;

        generate(fixture, "scheduler", WIRE_ROLE_SERVER);
        chmod(fixture->folder, 0770);
        assert_int_equal(wire_keys_load_server(in(fixture, "scheduler.key", key), fixture->folder, &keys, &err),
                         OFFPEAK_EPERMISSION);
        assert_non_null(strstr(err.text, "chmod go-w"));
        chmod(fixture->folder, 0700);
}

static void a_key_is_never_written_over(void **state)
{
        struct fixture *fixture = *state;
        char path[160], before[4096], after[4096];
        struct offpeak_error err;

        generate(fixture, "n1", WIRE_ROLE_AGENT);
        read_file(in(fixture, "n1.key", path), before);
        assert_int_equal(wire_keys_generate(fixture->folder, "n1", WIRE_ROLE_AGENT, &err), OFFPEAK_ECONFIG);
        assert_non_null(strstr(err.text, "exists"));
        read_file(path, after);
        assert_string_equal(before, after);
        /* nor half a pair made: a .pub that is there leaves no new secret */
        generate(fixture, "n2", WIRE_ROLE_AGENT);
        unlink(in(fixture, "n2.key", path));
        assert_int_equal(wire_keys_generate(fixture->folder, "n2", WIRE_ROLE_AGENT, &err), OFFPEAK_ECONFIG);
        assert_int_equal(access(path, F_OK), -1);
}

static void names_that_are_no_files_are_refused(void **state)
{
        static const char *const names[] = { "",
                                             ".",
                                             "..",
                                             "../n1",
                                             "a/b",
                                             ".n1",
                                             "-rf",
                                             "a b",
                                             "a\n",
                                             "\xc3\xa9",
                                             "0123456789012345678901234567890123456789012345678901234567890123" };
        struct fixture *fixture = *state;
        struct offpeak_error err;

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (wire_keys_generate(fixture->folder, names[i], WIRE_ROLE_USER, &err) != OFFPEAK_ECONFIG)
                        fail_msg("\"%s\" is taken", names[i]);
        assert_int_equal(wire_keys_generate("/nonexistent/folder", "n1", WIRE_ROLE_USER, &err), OFFPEAK_EIO);
}

#define PUB "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

static void files_that_are_wrong_are_refused_at_their_line(void **state)
{
        static const struct {
                const char *text, *says;
        } cases[] = {
                { "name = a\nrole = agent\npublic-key = " PUB "\n", NULL },
                { "# note\n\n  name=a  \r\nrole = user\r\npublic-key=" PUB, NULL },
                { "", "must all be given" },
                { "name = a\nrole = agent\n", "must all be given" },
                { "role = agent\npublic-key = " PUB "\n", "must all be given" },
                { "name = a\npublic-key = " PUB "\n", "must all be given" },
                { "name = a\nrole = king\npublic-key = " PUB "\n", ".pub: 2: unknown role \"king\"" },
                { "name = a\nrole\n", ".pub: 2: expected" },
                { "name = a\nrole = agent\npublic-key = short\n", ".pub: 3: a key must be" },
                { "name = a\nrole = agent\npublic-key = " PUB "x\n", ".pub: 3: a key must be" },
                { "nam = a\n", ".pub: 1: unknown key \"nam\"" },
                { "name = \n", ".pub: 1: a name must" },
                { "name = a\x1b[2J\n", ".pub: 1: a name must" },
        };
        struct fixture *fixture = *state;
        char key[160], path[160];
        struct offpeak_error err;
        struct wire_keys keys;

        generate(fixture, "scheduler", WIRE_ROLE_SERVER);
        in(fixture, "scheduler.key", key);
        in(fixture, "x.pub", path);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                int code;

                write_file(path, 0644, cases[i].text);
                code = wire_keys_load_server(key, fixture->folder, &keys, &err);
                if (cases[i].says == NULL) {
                        if (code != 0)
                                fail_msg("case %zu: %s", i, err.text);
                        assert_string_equal(keys.authorised[0].name, "a");
                        wire_keys_finish(&keys);
                        continue;
                }
                assert_int_equal(code, OFFPEAK_ECONFIG);
                if (strstr(err.text, cases[i].says) == NULL || strstr(err.text, path) == NULL)
                        fail_msg("case %zu: \"%s\"", i, err.text);
        }
}

static void only_the_right_kinds_of_file_are_taken(void **state)
{
        struct fixture *fixture = *state;
        char key[160], server[160], text[4096], *secret;
        struct wire_keys keys;
        struct offpeak_error err;

        generate(fixture, "scheduler", WIRE_ROLE_SERVER);
        generate(fixture, "n1", WIRE_ROLE_AGENT);
        in(fixture, "scheduler.pub", server);
        /* a .pub for a .key; a client's key for the server's and the other way round; files that are none */
        chmod(in(fixture, "n1.pub", key), 0600);
        assert_int_equal(wire_keys_load_client(key, server, &keys, &err), OFFPEAK_ECONFIG);
        assert_non_null(strstr(err.text, "the .key file is wanted"));
        assert_int_equal(wire_keys_load_server(in(fixture, "n1.key", key), fixture->folder, &keys, &err),
                         OFFPEAK_ECONFIG);
        assert_int_equal(wire_keys_load_client(key, in(fixture, "n1.pub", server), &keys, &err), OFFPEAK_ECONFIG);
        assert_int_equal(wire_keys_load_client(key, in(fixture, "none.pub", server), &keys, &err), OFFPEAK_ENOTFOUND);
        assert_int_equal(wire_keys_load_client(in(fixture, "none.key", key), server, &keys, &err), OFFPEAK_ENOTFOUND);
        assert_int_equal(wire_keys_load_client(fixture->folder, server, &keys, &err), OFFPEAK_ECONFIG);
        assert_int_equal(wire_keys_load_server(in(fixture, "scheduler.key", key), "/nonexistent", &keys, &err),
                         OFFPEAK_ENOTFOUND);
        /* a secret that does not go with its public key */
        read_file(in(fixture, "n1.key", key), text);
        secret = strstr(text, "secret-key = ") + 13;
        secret[0] = secret[0] == 'a' ? 'b' : 'a';
        write_file(key, 0600, text);
        assert_int_equal(wire_keys_load_client(key, in(fixture, "scheduler.pub", server), &keys, &err),
                         OFFPEAK_ECONFIG);
        assert_non_null(strstr(err.text, "no pair"));
}

static void names_and_keys_stand_once(void **state)
{
        struct fixture *fixture = *state;
        char key[160], path[160], text[4096];
        struct wire_keys keys;
        struct offpeak_error err;

        generate(fixture, "scheduler", WIRE_ROLE_SERVER);
        generate(fixture, "n1", WIRE_ROLE_AGENT);
        in(fixture, "scheduler.key", key);
        write_file(in(fixture, "z.pub", path), 0644, "name = n1\nrole = operator\npublic-key = " PUB "\n");
        assert_int_equal(wire_keys_load_server(key, fixture->folder, &keys, &err), OFFPEAK_ECONFIG);
        assert_non_null(strstr(err.text, "n1"));
        read_file(in(fixture, "n1.pub", path), text);
        memcpy(strstr(text, "name = n1"), "name = n9", 9);
        write_file(in(fixture, "z.pub", path), 0644, text);
        assert_int_equal(wire_keys_load_server(key, fixture->folder, &keys, &err), OFFPEAK_ECONFIG);
}

static void a_reload_takes_all_or_nothing(void **state)
{
        struct fixture *fixture = *state;
        char key[160], path[160];
        struct wire_keys keys;
        struct offpeak_error err;

        generate(fixture, "scheduler", WIRE_ROLE_SERVER);
        generate(fixture, "n1", WIRE_ROLE_AGENT);
        assert_int_equal(wire_keys_load_server(in(fixture, "scheduler.key", key), fixture->folder, &keys, &err), 0);
        assert_int_equal(keys.n_authorised, 1);
        generate(fixture, "n2", WIRE_ROLE_AGENT);
        unlink(in(fixture, "n1.pub", path));
        write_file(in(fixture, "x.pub", path), 0644, "nonsense");
        assert_int_equal(wire_keys_reload(&keys, &err), OFFPEAK_ECONFIG);
        assert_int_equal(keys.n_authorised, 1);
        assert_string_equal(keys.authorised[0].name, "n1");
        unlink(path);
        assert_int_equal(wire_keys_reload(&keys, &err), 0);
        assert_int_equal(keys.n_authorised, 1);
        assert_string_equal(keys.authorised[0].name, "n2");
        wire_keys_finish(&keys);
}

static void a_shared_secret_makes_one_pair(void **state)
{
        uint8_t secret[WIRE_KEY_BYTES] = { 1, 2, 3 };
        struct wire_keys server, client, other;

        (void)state;
        assert_int_equal(wire_keys_from_secret(secret, true, &server, NULL), 0);
        assert_int_equal(wire_keys_from_secret(secret, false, &client, NULL), 0);
        assert_string_equal(client.server_key, server.own.public_key);
        assert_string_equal(client.own.public_key, server.own.public_key);
        assert_string_equal(server.server_key, "");
        assert_non_null(wire_keys_find(&server, client.own.public_key));
        secret[31] = 9;
        assert_int_equal(wire_keys_from_secret(secret, false, &other, NULL), 0);
        assert_null(wire_keys_find(&server, other.own.public_key));
        wire_keys_finish(&server);
        wire_keys_finish(&client);
        wire_keys_finish(&other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        const struct CMUnitTest tests[] = {
                TEST(a_pair_is_two_files_and_one_is_secret),
                TEST(both_sides_load_what_was_made),
                TEST(a_secret_that_others_can_read_is_refused),
                TEST(a_folder_that_others_can_write_is_refused),
                TEST(a_key_is_never_written_over),
                TEST(names_that_are_no_files_are_refused),
                TEST(files_that_are_wrong_are_refused_at_their_line),
                TEST(only_the_right_kinds_of_file_are_taken),
                TEST(names_and_keys_stand_once),
                TEST(a_reload_takes_all_or_nothing),
                cmocka_unit_test(a_shared_secret_makes_one_pair),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
