/* SPDX-License-Identifier: Apache-2.0 */
/* topology_view.c - the document as a tree of sockets and what is near them, and the links as a table. */
#include "agent/show_topology.h"

#include <string.h>

static const char *word(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text != NULL ? text : "-";
}

static long long number(const json_t *object, const char *key)
{
        return json_integer_value(json_object_get(object, key));
}

static const char *plural(long long n)
{
        return n == 1 ? "" : "s";
}

static void print_head(const json_t *document, FILE *out)
{
        const json_t *position = json_object_get(document, "position"),
                     *features = json_object_get(document, "features"), *feature;
        long long sockets = (long long)json_array_size(json_object_get(document, "sockets"));
        long long numa = (long long)json_array_size(json_object_get(document, "numa")),
                  cores = number(document, "cores");
        size_t i;

        fprintf(out, "%s: %lld socket%s, %lld NUMA node%s, %lld core%s (%lld threads), %lld GiB\n",
                word(document, "model"), sockets, plural(sockets), numa, plural(numa), cores, plural(cores),
                number(document, "pus"), (number(document, "memory_mb") + 512) / 1024);
        if (strcmp(word(position, "block"), "-") != 0 || strcmp(word(position, "rack"), "-") != 0 ||
            strcmp(word(position, "switch"), "-") != 0)
                fprintf(out, "block %s, rack %s, switch %s\n", word(position, "block"), word(position, "rack"),
                        word(position, "switch"));
        json_array_foreach(features, i, feature)
                fprintf(out, "%s%s%s", i == 0 ? "features " : ", ", json_string_value(feature),
                        i + 1 == json_array_size(features) ? "\n" : "");
}

/* GPUs as "0, 1". */
static void print_numbers(const json_t *list, FILE *out)
{
        const json_t *item;
        size_t i;

        json_array_foreach(list, i, item)
                fprintf(out, "%s%lld", i > 0 ? ", " : "", (long long)json_integer_value(item));
}

static void print_nic(const json_t *nic, FILE *out)
{
        const json_t *gpus = json_object_get(nic, "gpus");

        fprintf(out, "    %-10s  %s", word(nic, "name"), word(nic, "address"));
        if (json_array_size(gpus) > 0) {
                fprintf(out, "  near GPU%s ", plural((long long)json_array_size(gpus)));
                print_numbers(gpus, out);
                fprintf(out, " (%s)", word(nic, "near"));
        }
        fputc('\n', out);
}

static void print_numa(const json_t *document, const json_t *numa, FILE *out)
{
        const json_t *item;
        size_t i;

        fprintf(out, "  NUMA %lld   cpus %s, %lld GiB\n", number(numa, "index"), word(numa, "cpus"),
                (number(numa, "memory_mb") + 512) / 1024);
        json_array_foreach(json_object_get(document, "gpus"), i,
                           item) if (number(item, "numa") == number(numa, "index"))
                fprintf(out, "    GPU %-3lld     %s  %s\n", number(item, "index"), word(item, "address"),
                        word(item, "model"));
        json_array_foreach(json_object_get(document, "nics"), i,
                           item) if (number(item, "numa") == number(numa, "index")) print_nic(item, out);
}

/* NUMA nodes of one socket, or (socket NULL) of none in particular. */
static void print_numa_nodes(const json_t *document, const json_t *socket, FILE *out)
{
        const json_t *numa;
        size_t i;

        json_array_foreach(json_object_get(document, "numa"), i, numa)
        {
                const json_t *of = json_object_get(numa, "socket");

                if (socket == NULL ? json_is_null(of)
                                   : json_is_integer(of) && json_integer_value(of) == number(socket, "index"))
                        print_numa(document, numa, out);
        }
}

static void print_sockets(const json_t *document, FILE *out)
{
        const json_t *socket;
        size_t i;

        json_array_foreach(json_object_get(document, "sockets"), i, socket)
        {
                fprintf(out, "\nsocket %lld  %s, %lld cores\n", number(socket, "index"), word(socket, "model"),
                        number(socket, "cores"));
                print_numa_nodes(document, socket, out);
        }
        print_numa_nodes(document, NULL, out);
}

static void print_cell(const json_t *gb_per_s, const json_t *near, FILE *out)
{
        if (json_is_null(gb_per_s))
                fprintf(out, " %7s", "-");
        else if (json_integer_value(gb_per_s) > 0)
                fprintf(out, " %7lld", (long long)json_integer_value(gb_per_s));
        else
                fprintf(out, " %7s", json_string_value(near));
}

static void print_links(const json_t *document, FILE *out)
{
        const json_t *links = json_object_get(document, "links"), *row, *cell;
        const json_t *gb_per_s = json_object_get(links, "gb_per_s"), *near = json_object_get(links, "near");
        size_t n = json_array_size(gb_per_s), a, b;

        if (n < 2) {
                fputs(n == 0 ? "\nno GPU\n" : "", out);
                return;
        }
        fputs("\nlinks     ", out);
        for (a = 0; a < n; a++)
                fprintf(out, " %7zu", a);
        fputc('\n', out);
        json_array_foreach(gb_per_s, a, row)
        {
                fprintf(out, "  GPU %-4zu", a);
                json_array_foreach(row, b, cell) print_cell(cell, json_array_get(json_array_get(near, a), b), out);
                fputc('\n', out);
        }
        fputs("a number: NVLink or xGMI, GB/s in one direction; else what two have in common on the PCI bus: a "
              "switch,\n"
              "the bridge to the processor, a NUMA node, or nothing (far)\n",
              out);
}

void topology_view(const json_t *document, FILE *out)
{
        print_head(document, out);
        print_sockets(document, out);
        print_links(document, out);
}
