/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_bench.c - how long it takes to read a year of hourly prices of 20 zones from one file with 20 columns, zone by
 * zone as the daemon does: SMARD's form, in local time with decimal commas. Best of ten.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/when.h"
#include "feeds/mapping_read.h"
#include "feeds/mappings.h"
#include "feeds/zone.h"

enum { ZONES = 20, HOURS = 8760, RUNS = 10 };

/* Of processor time, or the machine's other work would be measured with it. */
static double now_ms(void)
{
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void write_file(FILE *out)
{
        int64_t time = INT64_C(1735686000); /* 2025-01-01 in Berlin */
        struct offpeak_error err;
        struct zone *zone;

        if (zone_open("Europe/Berlin", &zone, &err) != 0) {
                fprintf(stderr, "%s\n", err.text);
                exit(1);
        }
        fputs("\xef\xbb\xbf"
              "Datum von;Datum bis",
              out);
        for (int i = 0; i < ZONES; i++)
                fprintf(out, ";Zone %d [€/MWh] Berechnete Auflösungen", i);
        for (int h = 0; h < HOURS; h++, time += 3600) {
                struct when_civil c = when_civil(time + zone_offset(zone, time));

                fprintf(out, "\n%02d.%02d.%d %02d:00;%02d.%02d.%d %02d:00", c.day, c.month, c.year, c.hour, c.day,
                        c.month, c.year, c.hour);
                for (int i = 0; i < ZONES; i++)
                        fprintf(out, ";%d,%02d", (h * 7 + i * 13) % 150 - 20, (h + i) % 100);
        }
        fputc('\n', out);
        zone_destroy(zone);
}

static void read_zones(const char *text, size_t size)
{
        for (int i = 0; i < ZONES; i++) {
                char column[16];
                struct csv_request request = { .file = "bench.csv", .column = NULL };
                struct offpeak_error err;
                struct mapping mapping;
                struct series series;

                snprintf(column, sizeof(column), "Zone %d", i);
                mapping_init(&mapping, mappings_find("smard"));
                if (mapping_set(&mapping, "column", column, &err) != 0 ||
                    mapping_parse(&mapping, &request, text, size, &series, NULL, &err) != 0 ||
                    series.n_points != HOURS) {
                        fprintf(stderr, "%s\n", err.text);
                        exit(1);
                }
                series_finish(&series);
                mapping_finish(&mapping);
        }
}

int main(void)
{
        double best = 1e9;
        size_t size = 0;
        char *text = NULL;
        FILE *out = open_memstream(&text, &size);

        write_file(out);
        fclose(out);
        for (int run = 0; run < RUNS; run++) {
                double begin = now_ms(), took;

                read_zones(text, size);
                took = now_ms() - begin;
                best = took < best ? took : best;
        }
        printf("%d zones x %d hours, %.1f MB: %.1f ms\n", ZONES, HOURS, (double)size / 1e6, best);
        free(text);
        return 0;
}
