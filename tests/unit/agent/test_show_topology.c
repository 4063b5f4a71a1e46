/* SPDX-License-Identifier: Apache-2.0 */
/* Links, adapters and what --show-topology says of them: of a small machine with a matrix put into it, and of recorded
 * ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/links.h"
#include "agent/nics.h"
#include "agent/show_topology.h"
#include "fake/nvml/fake_script.h"

#define FIXTURE  OFFPEAK_SOURCE_DIR "/tests/fixtures/topology/two_sockets.xml"
#define RECORDED OFFPEAK_SHARED_DATA "/open/topology/"

/*
 * GPU 0 (OSDev 105) has 50 GB/s to a switch (PCIDev 114) and 40 to GPU 2 (PCIDev 111), GPU 1 (OSDev 113) 25 to the
 * switch. All have 80 to a processor (Package 14), which is no way from one to another.
 */
static const char *const indexes = "OSDev:105 OSDev:113 PCIDev:111 PCIDev:114 Package:14 ";
static const char *const rows[] = { "1000000 0 40000 50000 80000 ", "0 1000000 0 25000 80000 ",
                                    "40000 0 1000000 0 80000 ", "50000 25000 0 1000000 0 ",
                                    "80000 80000 80000 0 1000000 " };

/* Each element says how long its text is. */
static void write_matrix(FILE *file)
{
        fprintf(file,
                "<distances2hetero nbobjs=\"5\" kind=\"25\" name=\"NVLinkBandwidth\">\n<indexes "
                "length=\"%zu\">%s</indexes>\n",
                strlen(indexes), indexes);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                fprintf(file, "<u64values length=\"%zu\">%s</u64values>\n", strlen(rows[i]), rows[i]);
        fputs("</distances2hetero>\n", file);
}

static void write_linked(char *path)
{
        char text[1 << 15];
        FILE *file = fopen(FIXTURE, "r");
        size_t size;
        char *end;

        assert_non_null(file);
        size = fread(text, 1, sizeof(text) - 1, file);
        text[size] = '\0';
        fclose(file);
        end = strstr(text, "</topology>");
        assert_non_null(end);
        file = fdopen(mkstemp(path), "w");
        fwrite(text, 1, (size_t)(end - text), file);
        write_matrix(file);
        fputs(end, file);
        fclose(file);
}

static struct topology *open_topology(const char *path)
{
        struct offpeak_error err = { 0 };
        struct topology *topology = NULL;

        if (topology_open(path, &topology, &err) != 0)
                fail_msg("%s", err.text);
        return topology;
}

static uint32_t find_links(const struct topology *topology, struct device_set *set, struct place_link *links)
{
        struct offpeak_error err = { 0 };

        if (devices_find_gpus(topology, set, &err) != 0)
                fail_msg("%s", err.text);
        return links_find(topology, set, links);
}

static void check_link(const struct place_link *link, uint16_t gb_per_s, enum place_near near)
{
        assert_int_equal(link->gb_per_s, gb_per_s);
        assert_int_equal(link->near, near);
}

static void test_links(void **state)
{
        char path[] = "/tmp/offpeak-links-XXXXXX";
        struct place_link links[3];
        struct topology *topology;
        struct device_set set;

        (void)state;
        write_linked(path);
        topology = open_topology(path);
        assert_int_equal(find_links(topology, &set, links), 3);
        check_link(&links[place_pair(3, 0, 1)], 25, PLACE_FAR);
        check_link(&links[place_pair(3, 0, 2)], 40, PLACE_FAR);
        check_link(&links[place_pair(3, 1, 2)], 0, PLACE_BRIDGE);
        device_set_finish(&set);
        topology_close(topology);
        unlink(path);
        topology = open_topology(FIXTURE);
        find_links(topology, &set, links);
        check_link(&links[place_pair(3, 0, 1)], 0, PLACE_FAR);
        check_link(&links[place_pair(3, 1, 2)], 0, PLACE_BRIDGE);
        device_set_finish(&set);
        topology_close(topology);
}

static void test_adapters(void **state)
{
        struct topology *topology = open_topology(FIXTURE);
        struct nic nics[MAX_NICS];
        struct place_link links[3];
        struct device_set set;

        (void)state;
        find_links(topology, &set, links);
        assert_int_equal(nics_find(topology, &set, nics), 1);
        assert_string_equal(nics[0].name, "eth0");
        assert_string_equal(nics[0].address, "0000:83:00.0");
        assert_int_equal(nics[0].numa, 1);
        assert_int_equal(nics[0].gpus, 6);
        assert_int_equal(nics[0].near, PLACE_BRIDGE);
        device_set_finish(&set);
        topology_close(topology);
}

static char *show(const struct agent_config *config, bool json)
{
        struct offpeak_error err = { 0 };
        size_t size;
        char *text = NULL;
        FILE *out = open_memstream(&text, &size);

        if (show_topology(config, json, out, &err) != 0)
                fail_msg("%s", err.text);
        fclose(out);
        return text;
}

static json_t *show_json(const struct agent_config *config)
{
        char *text = show(config, true);
        json_t *document = json_loads(text, 0, NULL);

        assert_non_null(document);
        assert_string_equal(json_string_value(json_object_get(document, "schema")), "offpeak.topology/2");
        free(text);
        return document;
}

static const json_t *at(const json_t *document, const char *key, size_t i)
{
        const json_t *item = json_array_get(json_object_get(document, key), i);

        assert_non_null(item);
        return item;
}

static void test_document(void **state)
{
        char path[] = "/tmp/offpeak-links-XXXXXX", feature[] = "ib", *features[] = { feature };
        struct agent_config config = { .topology = path, .rack = (char *)"r7", .features = features, .n_features = 1 };
        json_t *document;
        const json_t *links;

        (void)state;
        write_linked(path);
        document = show_json(&config);
        assert_int_equal(json_array_size(json_object_get(document, "sockets")), 2);
        assert_int_equal(json_integer_value(json_object_get(at(document, "numa", 1), "memory_mb")), 8192);
        assert_int_equal(json_array_size(json_object_get(document, "gpus")), 3);
        assert_string_equal(json_string_value(json_object_get(at(document, "gpus", 2), "address")), "0000:82:00.0");
        assert_string_equal(json_string_value(json_object_get(at(document, "gpus", 2), "cpus")), "8-15");
        assert_string_equal(json_string_value(json_object_get(at(document, "gpus", 2), "model")), "10de:20b0");
        assert_int_equal(json_integer_value(json_object_get(at(document, "gpus", 2), "numa")), 1);
        links = json_object_get(json_object_get(document, "links"), "gb_per_s");
        assert_true(json_is_null(json_array_get(json_array_get(links, 1), 1)));
        assert_int_equal(json_integer_value(json_array_get(json_array_get(links, 2), 0)), 40);
        links = json_object_get(json_object_get(document, "links"), "near");
        assert_string_equal(json_string_value(json_array_get(json_array_get(links, 2), 1)), "bridge");
        assert_string_equal(json_string_value(json_object_get(json_object_get(document, "position"), "rack")), "r7");
        assert_true(json_is_null(json_object_get(json_object_get(document, "position"), "switch")));
        assert_string_equal(json_string_value(at(document, "features", 0)), "ib");
        json_decref(document);
        unlink(path);
}

/* Where a library is named, it knows better than the file; of what it does not know the file's numbers stand. */
static void test_the_library_knows_better(void **state)
{
        char path[] = "/tmp/offpeak-links-XXXXXX";
        struct agent_config config = { .topology = path, .nvml = (char *)FAKE_NVML_PATH };
        struct fake_script script;
        char *text;

        (void)state;
        write_linked(path);
        fake_script_open(&script);
        fake_say(&script, "0000:04:00.0 uuid GPU-a");
        fake_say(&script, "0000:82:00.0 uuid GPU-c");
        for (unsigned link = 0; link < 4; link++) {
                fake_say(&script, "0000:04:00.0 link %u 0000:82:00.0", link);
                fake_say(&script, "0000:82:00.0 link %u 0000:04:00.0", link);
        }
        fake_say(&script, "* nvlink 2");
        text = show(&config, false);
        if (strstr(text, "  GPU 0          -      25     100\n  GPU 1         25       -  bridge\n") == NULL)
                fail_msg("the links are others:\n%s", text);
        free(text);
        config.nvml = NULL; /* the file may be another machine's, and this one's library is not asked */
        text = show(&config, false);
        assert_non_null(strstr(text, "  GPU 0          -      25      40\n"));
        free(text);
        fake_script_close(&script);
        unlink(path);
}

static void test_text(void **state)
{
        static const char *const said[] = {
                "Two Sockets: 2 sockets, 2 NUMA nodes, 8 cores (16 threads), 16 GiB\n", "block -, rack r7, switch -\n",
                "  NUMA 1   cpus 8-15, 8 GiB\n    GPU 1       0000:81:00.0",
                "eth0        0000:83:00.0  near GPUs 1, 2 (bridge)\n",
                "  GPU 0          -      25      40\n  GPU 1         25       -  bridge\n"
        };
        char path[] = "/tmp/offpeak-links-XXXXXX";
        struct agent_config config = { .topology = path, .rack = (char *)"r7" };
        char *text;

        (void)state;
        write_linked(path);
        text = show(&config, false);
        for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
                if (strstr(text, said[i]) == NULL)
                        fail_msg("\"%s\" is not in:\n%s", said[i], text);
        free(text);
        unlink(path);
}

static void test_a_file_that_is_none(void **state)
{
        struct agent_config config = { .topology = (char *)"/no/such/machine.xml" };
        struct offpeak_error err = { 0 };

        (void)state;
        assert_int_equal(show_topology(&config, true, stdout, &err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(err.text, "/no/such/machine.xml"));
}

static void check_recorded(const char *file, size_t gpus, long long gb_per_s, const char *model)
{
        char path[512];
        struct agent_config config = { .topology = path };
        json_t *document;
        const json_t *links;

        snprintf(path, sizeof(path), "%s%s", RECORDED, file);
        document = show_json(&config);
        links = json_object_get(json_object_get(document, "links"), "gb_per_s");
        assert_int_equal(json_array_size(json_object_get(document, "gpus")), gpus);
        for (size_t a = 0; a < gpus; a++)
                for (size_t b = 0; b < gpus; b++)
                        if (a != b)
                                assert_int_equal(json_integer_value(json_array_get(json_array_get(links, a), b)),
                                                 gb_per_s);
        assert_non_null(strstr(json_string_value(json_object_get(at(document, "gpus", 0), "model")), model));
        assert_true(json_array_size(json_object_get(document, "nics")) > 0);
        json_decref(document);
}

static void test_recorded_machines(void **state)
{
        (void)state;
        if (access(RECORDED, R_OK) != 0) {
                print_message("skipped: no recorded machines in %s\n", RECORDED);
                skip();
        }
        check_recorded("tioga_8xMI250X_gcd.xml", 8, 100, "MI200");
        check_recorded("lassen_4xV100.xml", 4, 0, "V100");
        check_recorded("aws_g4dn_metal_8xT4.xml", 8, 0, "T4");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_links),
                cmocka_unit_test(test_adapters),
                cmocka_unit_test(test_document),
                cmocka_unit_test(test_text),
                cmocka_unit_test(test_the_library_knows_better),
                cmocka_unit_test(test_a_file_that_is_none),
                cmocka_unit_test(test_recorded_machines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
