/* SPDX-License-Identifier: Apache-2.0 */
/* Power sources: counters in a made-up powercap folder, and the declared model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/power/power.h"

#define RANGE 1000000

struct fixture {
        char folder[64];
        struct power_config config;
};

static void write_file(const struct fixture *fixture, const char *zone, const char *name, const char *text)
{
        char path[256];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", fixture->folder, zone);
        mkdir(path, 0755);
        snprintf(path, sizeof(path), "%s/%s/%s", fixture->folder, zone, name);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static void set_energy(const struct fixture *fixture, const char *zone, long energy_uj)
{
        char text[32];

        snprintf(text, sizeof(text), "%ld\n", energy_uj);
        write_file(fixture, zone, "energy_uj", text);
}

static void add_zone(const struct fixture *fixture, const char *zone, const char *name, long energy_uj)
{
        char text[64];

        snprintf(text, sizeof(text), "%s\n", name);
        write_file(fixture, zone, "name", text);
        snprintf(text, sizeof(text), "%d\n", RANGE);
        write_file(fixture, zone, "max_energy_range_uj", text);
        set_energy(fixture, zone, energy_uj);
}

static int setup(void **state)
{
        struct fixture *fixture = calloc(1, sizeof(*fixture));

        strcpy(fixture->folder, "/tmp/offpeak-power-XXXXXX");
        if (mkdtemp(fixture->folder) == NULL)
                return -1;
        fixture->config = (struct power_config){ fixture->folder, POWER_NOT_DECLARED, POWER_NOT_DECLARED };
        *state = fixture;
        return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
        (void)info;
        (void)type;
        (void)ftw;
        return remove(path);
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;

        nftw(fixture->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        free(fixture);
        return 0;
}

static struct power open_power(const struct fixture *fixture)
{
        struct offpeak_error err = { 0 };
        struct power power;

        if (power_open(&fixture->config, &power, &err) != 0)
                fail_msg("%s", err.text);
        return power;
}

static int64_t read_at(const struct power *power, int64_t ms, uint64_t busy)
{
        struct power_moment moment = { ms, busy };
        struct offpeak_error err = { 0 };
        int64_t uj;

        if (power_read(power, &moment, &uj, &err) != 0)
                fail_msg("%s", err.text);
        return uj;
}

/* Two packages and one memory zone count; cores, psys, the mmio view and the control type do not. */
static void test_rapl_counts_packages_and_memory(void **state)
{
        struct fixture *fixture = *state;
        struct power power;

        write_file(fixture, "intel-rapl", "enabled", "1\n");
        add_zone(fixture, "intel-rapl:0", "package-0", 1000);
        add_zone(fixture, "intel-rapl:0:0", "core", 500);
        add_zone(fixture, "intel-rapl:0:1", "dram", 200);
        add_zone(fixture, "intel-rapl:1", "package-1", 3000);
        add_zone(fixture, "intel-rapl:2", "psys", 9000);
        add_zone(fixture, "intel-rapl-mmio:0", "package-0", 1000);
        power = open_power(fixture);
        assert_string_equal(power.driver->name, "RAPL");
        assert_int_equal(power.driver->quality, QUALITY_MEASURED);
        assert_int_equal(read_at(&power, 0, 0), 0);
        set_energy(fixture, "intel-rapl:0", 1007);
        set_energy(fixture, "intel-rapl:0:0", 99999);
        set_energy(fixture, "intel-rapl:0:1", 260);
        set_energy(fixture, "intel-rapl:1", 3500);
        set_energy(fixture, "intel-rapl:2", 99999);
        set_energy(fixture, "intel-rapl-mmio:0", 99999);
        assert_int_equal(read_at(&power, 0, 0), 7 + 60 + 500);
        assert_int_equal(read_at(&power, 0, 0), 567); /* cumulative */
        power_close(&power);
        power_close(&power);
}

static void test_rapl_counters_wrap(void **state)
{
        struct fixture *fixture = *state;
        struct power power;
        int64_t drawn = 0;
        long counter = 999000;

        add_zone(fixture, "intel-rapl:0", "package-0", counter);
        power = open_power(fixture);
        for (int i = 0; i < 50; i++) {
                long step = 1 + (i * 7919L) % (RANGE - 1);

                counter = (counter + step) % RANGE;
                drawn += step;
                set_energy(fixture, "intel-rapl:0", counter);
                assert_int_equal(read_at(&power, 0, 0), drawn);
        }
        power_close(&power);
}

/* What could not be read comes with the next reading, and is not read as 0. */
static void test_a_counter_that_does_not_answer_loses_nothing(void **state)
{
        struct fixture *fixture = *state;
        struct power_moment moment = { 0 };
        struct offpeak_error err = { 0 };
        struct power power;
        int64_t uj = -1;

        add_zone(fixture, "intel-rapl:0", "package-0", 100);
        power = open_power(fixture);
        write_file(fixture, "intel-rapl:0", "energy_uj", "nonsense\n");
        assert_int_equal(power_read(&power, &moment, &uj, &err), OFFPEAK_EIO);
        assert_non_null(strstr(err.text, "intel-rapl:0/energy_uj"));
        assert_int_equal(uj, -1);
        write_file(fixture, "intel-rapl:0", "energy_uj", "");
        assert_int_equal(power_read(&power, &moment, &uj, &err), OFFPEAK_EIO);
        set_energy(fixture, "intel-rapl:0", 900);
        assert_int_equal(read_at(&power, 0, 0), 800);
        power_close(&power);
}

static void open_as_nobody(const struct fixture *fixture)
{
        struct offpeak_error err = { 0 };
        struct power power;

        if (geteuid() == 0 && setuid(65534) != 0)
                _exit(1);
        if (power_open_driver(&power_rapl, &fixture->config, &power, &err) != OFFPEAK_EIO)
                _exit(2);
        _exit(strstr(err.text, "as root") != NULL ? 0 : 3);
}

/* As kernels have it since 2020. */
static void test_counters_for_root_only_say_so(void **state)
{
        struct fixture *fixture = *state;
        char path[256];
        int status;
        pid_t pid;

        add_zone(fixture, "intel-rapl:0", "package-0", 100);
        snprintf(path, sizeof(path), "%s/intel-rapl:0/energy_uj", fixture->folder);
        chmod(path, geteuid() == 0 ? 0400 : 0);
        chmod(fixture->folder, 0755);
        pid = fork();
        if (pid == 0)
                open_as_nobody(fixture);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void test_without_a_sensor_the_declared_model_speaks(void **state)
{
        struct fixture *fixture = *state;
        struct power power;

        fixture->config.idle_w = 120;
        fixture->config.device_w = 15;
        power = open_power(fixture);
        assert_int_equal(power.driver->quality, QUALITY_MODELLED);
        assert_int_equal(read_at(&power, 5000, 3), 0); /* the first one only sets the clock */
        assert_int_equal(read_at(&power, 6000, 0), 120000000);
        assert_int_equal(read_at(&power, 6500, 5), 120000000 + 75000000);
        assert_int_equal(read_at(&power, 6500, 5), 195000000);
        assert_int_equal(read_at(&power, 6000, 5), 195000000); /* never back */
        assert_int_equal(read_at(&power, 6501, 0), 195000000 + 120000);
        power_close(&power);
}

static void test_one_declared_figure_is_enough(void **state)
{
        struct fixture *fixture = *state;
        struct power power;

        fixture->config.device_w = 300;
        power = open_power(fixture);
        read_at(&power, 0, 0);
        assert_int_equal(read_at(&power, 1000, 1), 300000000);
        power_close(&power);
}

static void test_a_sensor_goes_before_the_model(void **state)
{
        struct fixture *fixture = *state;
        struct power power;

        add_zone(fixture, "intel-rapl:0", "package-0", 0);
        fixture->config.idle_w = 120;
        power = open_power(fixture);
        assert_ptr_equal(power.driver, &power_rapl);
        power_close(&power);
}

static void test_nothing_known_says_what_to_declare(void **state)
{
        struct fixture *fixture = *state;
        struct offpeak_error err = { 0 };
        struct power power;

        assert_int_equal(power_open(&fixture->config, &power, &err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(err.text, fixture->folder));
        assert_non_null(strstr(err.text, "power:"));
        fixture->config.powercap = "/no/such/folder";
        assert_int_equal(power_open(&fixture->config, &power, &err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(err.text, "/no/such/folder"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_rapl_counts_packages_and_memory),
                TEST(test_rapl_counters_wrap),
                TEST(test_a_counter_that_does_not_answer_loses_nothing),
                TEST(test_counters_for_root_only_say_so),
                TEST(test_without_a_sensor_the_declared_model_speaks),
                TEST(test_one_declared_figure_is_enough),
                TEST(test_a_sensor_goes_before_the_model),
                TEST(test_nothing_known_says_what_to_declare),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
