/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_picture.c - pictures read back as what they show: where lines, areas and bars lie on the sheet, against the
 * times and values that they were made of. The scale is taken from the picture itself: from what is written beside its
 * lines.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include "cli/picture.h"

#define HOUR   INT64_C(3600)
#define DAY    (24 * HOUR)
#define MONDAY INT64_C(1795392000) /* 2026-11-23T00:00:00Z */

/* ---- reading a picture */

struct drawn {
        char *text;
        xmlDoc *document;
};

static struct drawn draw(struct picture *picture)
{
        struct offpeak_error err = { 0 };
        struct drawn drawn = { 0 };
        int r = picture_draw(picture, &drawn.text, &err);

        if (r != 0)
                fail_msg("%s", err.text);
        drawn.document = xmlReadMemory(drawn.text, (int)strlen(drawn.text), NULL, NULL, XML_PARSE_NONET);
        assert_non_null(drawn.document);
        picture_finish(picture);
        return drawn;
}

static void drawn_finish(struct drawn *drawn)
{
        xmlFreeDoc(drawn->document);
        free(drawn->text);
}

/* The next element in the document's order; NULL at the end. */
static xmlNode *next_node(xmlNode *node)
{
        if (node->children != NULL)
                return node->children;
        while (node != NULL && node->next == NULL)
                node = node->parent != NULL && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
        return node != NULL ? node->next : NULL;
}

static bool has_class(xmlNode *node, const char *name)
{
        xmlChar *value = xmlGetProp(node, (const xmlChar *)"class");
        char padded[256], wanted[64];
        bool found;

        snprintf(padded, sizeof(padded), " %s ", value != NULL ? (const char *)value : "");
        snprintf(wanted, sizeof(wanted), " %s ", name);
        found = strstr(padded, wanted) != NULL;
        xmlFree(value);
        return found;
}

/* The element of that name and class behind `from` (NULL: the first). */
static xmlNode *find(const struct drawn *drawn, xmlNode *from, const char *name, const char *class_name)
{
        xmlNode *node = from != NULL ? next_node(from) : xmlDocGetRootElement(drawn->document);

        for (; node != NULL; node = next_node(node))
                if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0 &&
                    has_class(node, class_name))
                        return node;
        return NULL;
}

static unsigned count(const struct drawn *drawn, const char *name, const char *class_name)
{
        unsigned n = 0;

        for (xmlNode *node = NULL; (node = find(drawn, node, name, class_name)) != NULL;)
                n++;
        return n;
}

static double number(xmlNode *node, const char *attribute)
{
        xmlChar *value = xmlGetProp(node, (const xmlChar *)attribute);
        double result;

        if (value == NULL)
                fail_msg("no %s", attribute);
        result = strtod((const char *)value, NULL);
        xmlFree(value);
        return result;
}

static void near(double value, double expected)
{
        if (fabs(value - expected) > 0.02)
                fail_msg("%g instead of %g", value, expected);
}

/* Where a text stands; NULL: nowhere. */
static xmlNode *find_text(const struct drawn *drawn, const char *text)
{
        for (xmlNode *node = xmlDocGetRootElement(drawn->document); node != NULL; node = next_node(node)) {
                xmlChar *content;
                bool same;

                if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, "text") != 0)
                        continue;
                content = xmlNodeGetContent(node);
                same = strcmp((const char *)content, text) == 0;
                xmlFree(content);
                if (same)
                        return node;
        }
        return NULL;
}

static void expect_text(const struct drawn *drawn, const char *text)
{
        if (find_text(drawn, text) == NULL)
                fail_msg("nowhere \"%s\" in %s", text, drawn->text);
}

/* The plot: the first frame. */
struct plot {
        double left, right, top, bottom;
};

static struct plot plot_of(const struct drawn *drawn, unsigned index)
{
        xmlNode *frame = NULL;

        for (unsigned i = 0; i <= index; i++)
                frame = find(drawn, frame, "rect", "frame");
        assert_non_null(frame);
        return (struct plot){ number(frame, "x"), number(frame, "x") + number(frame, "width"), number(frame, "y"),
                              number(frame, "y") + number(frame, "height") };
}

/* A path of M, H, V and Z as its corners. */
struct corners {
        double x[4096], y[4096];
        size_t n;
};

static void corners_of(xmlNode *path, struct corners *corners)
{
        xmlChar *text = xmlGetProp(path, (const xmlChar *)"d");
        char *at = (char *)text;
        double x = 0, y = 0;

        corners->n = 0;
        while (*at != '\0' && *at != 'Z') {
                char kind = *at++;

                if (kind == 'M' || kind == 'H')
                        x = strtod(at, &at);
                if (kind == 'M' || kind == 'V')
                        y = strtod(at, &at);
                assert_true(kind == 'M' || kind == 'H' || kind == 'V');
                assert_true(corners->n < 4096);
                corners->x[corners->n] = x;
                corners->y[corners->n++] = y;
        }
        xmlFree(text);
}

/* The level of the path's level part over x, where it is above (highest) or below (lowest) on the sheet; false: none.
 */
static bool levels_at(const struct corners *corners, double x, double *ret_upper, double *ret_lower)
{
        bool any = false;

        for (size_t i = 1; i < corners->n; i++) {
                double from = fmin(corners->x[i - 1], corners->x[i]), to = fmax(corners->x[i - 1], corners->x[i]);

                if (corners->y[i - 1] != corners->y[i] || x <= from || x >= to)
                        continue;
                *ret_upper = any ? fmin(*ret_upper, corners->y[i]) : corners->y[i];
                *ret_lower = any ? fmax(*ret_lower, corners->y[i]) : corners->y[i];
                any = true;
        }
        return any;
}

/* The value at a height of a plot, by two of the values that are written beside it. */
static double value_at(const struct drawn *drawn, const struct plot *plot, double y)
{
        double values[2] = { 0 }, heights[2] = { 0 };
        int n = 0;

        for (xmlNode *node = NULL; (node = find(drawn, node, "text", "quiet")) != NULL;) {
                xmlChar *anchor = xmlGetProp(node, (const xmlChar *)"text-anchor");
                double at = number(node, "y") - 4;
                bool mine = anchor != NULL && strcmp((const char *)anchor, "end") == 0 && at > plot->top - 1 &&
                            at < plot->bottom + 1;
                xmlChar *content = xmlNodeGetContent(node);

                if (mine && n < 2) {
                        values[n] = strtod((const char *)content, NULL);
                        heights[n++] = at;
                }
                xmlFree(content);
                xmlFree(anchor);
        }
        assert_int_equal(n, 2);
        return values[0] + (y - heights[0]) / (heights[1] - heights[0]) * (values[1] - values[0]);
}

/* ---- pictures to read */

static struct picture a_day(void)
{
        struct picture picture;

        picture_init(&picture, MONDAY, MONDAY + DAY);
        snprintf(picture.title, sizeof(picture.title), "a day");
        return picture;
}

static double x_of(const struct plot *plot, double hours)
{
        return plot->left + hours / 24 * (plot->right - plot->left);
}

/* The level of a series' line over an hour; false: there is no line. */
static bool line_at(const struct drawn *drawn, const char *class_name, double x, double *ret_y)
{
        static struct corners corners;
        double other;

        for (xmlNode *path = NULL; (path = find(drawn, path, "path", class_name)) != NULL;) {
                corners_of(path, &corners);
                if (levels_at(&corners, x, ret_y, &other))
                        return true;
        }
        return false;
}

/* ---- series */

static void a_line_has_its_values_at_their_hours(void **state)
{
        static const double prices[] = { 10, 80, -40, 35.5, 120, 0 };
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        struct drawn drawn;
        struct plot plot;

        (void)state;
        for (int i = 0; i < 6; i++)
                picture_add_step(&picture, &site->price, MONDAY + i * 4 * HOUR, MONDAY + (i + 1) * 4 * HOUR, prices[i],
                                 false);
        drawn = draw(&picture);
        plot = plot_of(&drawn, 0);
        for (int i = 0; i < 6; i++) {
                double y;

                assert_true(line_at(&drawn, "price", x_of(&plot, i * 4 + 0.1), &y));
                assert_true(fabs(value_at(&drawn, &plot, y) - prices[i]) < 0.5);
                assert_true(line_at(&drawn, "price", x_of(&plot, i * 4 + 3.9), &y));
                assert_true(fabs(value_at(&drawn, &plot, y) - prices[i]) < 0.5);
        }
        expect_text(&drawn, "EUR/MWh");
        drawn_finish(&drawn);
}

static void what_is_not_known_is_a_gap(void **state)
{
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        struct picture_load load = { .watts = { 2000 } };
        struct drawn drawn;
        struct plot plot;
        double y;

        (void)state;
        picture_layer(site, PICTURE_GRID, NULL);
        for (int i = 0; i < 24; i++) {
                if (i >= 9 && i < 12)
                        continue;
                picture_add_step(&picture, &site->price, MONDAY + i * HOUR, MONDAY + (i + 1) * HOUR, 50, false);
                load.start = MONDAY + i * HOUR;
                load.end = load.start + HOUR;
                picture_add_load(&picture, site, &load);
        }
        drawn = draw(&picture);
        plot = plot_of(&drawn, 0);
        for (double hour = 0.25; hour < 24; hour += 0.5) {
                bool known = hour < 9 || hour > 12;

                assert_int_equal(line_at(&drawn, "price", x_of(&plot, hour), &y), known);
                assert_int_equal(line_at(&drawn, "layer", x_of(&plot, hour), &y), known);
        }
        expect_text(&drawn, "no line: not known");
        drawn_finish(&drawn);
}

static void what_is_no_number_is_not_known(void **state)
{
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        struct picture_load load = { .start = MONDAY, .end = MONDAY + DAY, .watts = { 1, INFINITY } };
        struct drawn drawn;
        struct plot plot;
        double y;

        (void)state;
        picture_add_step(&picture, &site->price, MONDAY, MONDAY + 6 * HOUR, 50, false);
        picture_add_step(&picture, &site->price, MONDAY + 6 * HOUR, MONDAY + 12 * HOUR, NAN, false);
        picture_add_step(&picture, &site->price, MONDAY + 12 * HOUR, MONDAY + DAY, -INFINITY, false);
        picture_add_load(&picture, site, &load);
        drawn = draw(&picture);
        plot = plot_of(&drawn, 0);
        assert_true(line_at(&drawn, "price", x_of(&plot, 5), &y));
        assert_false(line_at(&drawn, "price", x_of(&plot, 7), &y));
        assert_false(line_at(&drawn, "price", x_of(&plot, 20), &y));
        assert_int_equal(count(&drawn, "path", "layer"), 0);
        drawn_finish(&drawn);
}

static void a_forecast_looks_another_way(void **state)
{
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        struct drawn drawn;
        struct plot plot;
        double y;

        (void)state;
        picture_add_step(&picture, &site->price, MONDAY, MONDAY + 10 * HOUR, 50, false);
        picture_add_step(&picture, &site->price, MONDAY + 10 * HOUR, MONDAY + DAY, 70, true);
        drawn = draw(&picture);
        plot = plot_of(&drawn, 0);
        assert_false(line_at(&drawn, "forecast", x_of(&plot, 9.9), &y));
        assert_true(line_at(&drawn, "forecast", x_of(&plot, 10.1), &y));
        assert_true(line_at(&drawn, "price", x_of(&plot, 9.9), &y));
        expect_text(&drawn, "forecast");
        drawn_finish(&drawn);
}

static void less_than_nothing_has_a_line_of_zero(void **state)
{
        for (int below = 0; below < 2; below++) {
                struct picture picture = a_day();
                struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
                struct drawn drawn;
                struct plot plot;

                (void)state;
                picture_add_step(&picture, &site->price, MONDAY, MONDAY + DAY / 2, 90, false);
                picture_add_step(&picture, &site->price, MONDAY + DAY / 2, MONDAY + DAY, below ? -30 : 30, false);
                drawn = draw(&picture);
                plot = plot_of(&drawn, 0);
                assert_int_equal(count(&drawn, "line", "zero"), below);
                if (below)
                        assert_true(fabs(value_at(&drawn, &plot, number(find(&drawn, NULL, "line", "zero"), "y1"))) <
                                    0.1);
                drawn_finish(&drawn);
        }
}

/* Of a report, or a simulation, nothing is to come. */
static void the_key_has_what_there_is(void **state)
{
        (void)state;
        for (int planned = 0; planned < 2; planned++) {
                struct picture picture = a_day();
                struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
                struct picture_job *job = picture_add_job(&picture, site, 1, "one", 1);
                struct drawn drawn;

                picture_add_run(&picture, job, MONDAY, MONDAY + HOUR, planned == 1);
                drawn = draw(&picture);
                assert_int_equal(count(&drawn, "rect", "run"), 1 + 1 + planned);
                drawn_finish(&drawn);
        }
}

static void what_lies_outside_is_cut_off(void **state)
{
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        struct picture_job *job;
        struct drawn drawn;
        struct plot plot;

        (void)state;
        picture_add_step(&picture, &site->price, MONDAY - DAY, MONDAY + 3 * DAY, 50, false);
        picture_add_step(&picture, &site->price, MONDAY + 3 * DAY, MONDAY + 4 * DAY, 5000, false);
        job = picture_add_job(&picture, site, 1, "long", 1);
        picture_add_run(&picture, job, MONDAY - DAY, MONDAY + 9 * DAY, true);
        picture_add_run(&picture, job, MONDAY + 10 * DAY, MONDAY + 11 * DAY, true);
        drawn = draw(&picture);
        plot = plot_of(&drawn, 0);
        assert_int_equal(count(&drawn, "rect", "run"), 1 + 2); /* the key has two */
        near(number(find(&drawn, NULL, "rect", "run"), "x"), plot.left);
        near(number(find(&drawn, NULL, "rect", "run"), "width"), plot.right - plot.left);
        expect_text(&drawn, "always 50.0");
        drawn_finish(&drawn);
}

/* ---- loads */

/* W that the areas of all layers come to over an hour; each begins where the one below it ends. */
static double stacked(const struct drawn *drawn, const struct plot *plot, double x, unsigned expected_layers)
{
        static struct corners corners;
        double upper, lower, before = plot->bottom, sum = 0;
        unsigned n = 0;

        for (xmlNode *path = NULL; (path = find(drawn, path, "path", "layer")) != NULL;) {
                corners_of(path, &corners);
                if (!levels_at(&corners, x, &upper, &lower))
                        continue;
                near(lower, before);
                before = upper;
                sum += value_at(drawn, plot, upper) - value_at(drawn, plot, lower);
                n++;
        }
        assert_int_equal(n, expected_layers);
        return sum;
}

static void layers_stack_up_to_the_load(void **state)
{
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        double expected[24];
        unsigned layers[24];
        struct drawn drawn;
        struct plot plot;

        (void)state;
        picture_add_step(&picture, &site->price, MONDAY, MONDAY + DAY, 50, false);
        assert_int_equal(picture_layer(site, PICTURE_REACTOR, NULL), 0);
        assert_int_equal(picture_layer(site, PICTURE_PPA, "wind"), 1);
        assert_int_equal(picture_layer(site, PICTURE_PPA, "hydro"), 2);
        assert_int_equal(picture_layer(site, PICTURE_PPA, "wind"), 1);
        assert_int_equal(picture_layer(site, PICTURE_GRID, NULL), 3);
        for (int i = 0; i < 24; i++) {
                struct picture_load load = { .start = MONDAY + i * HOUR,
                                             .end = MONDAY + (i + 1) * HOUR,
                                             .planned = i >= 12 };

                load.watts[0] = 400e3;
                load.watts[1] = i * 10e3;
                load.watts[2] = i % 3 == 0 ? 0 : 150e3;
                load.watts[3] = i % 5 * 50e3;
                expected[i] = load.watts[0] + load.watts[1] + load.watts[2] + load.watts[3];
                layers[i] = 1 + (i > 0) + (i % 3 != 0) + (i % 5 != 0);
                picture_add_load(&picture, site, &load);
        }
        drawn = draw(&picture);
        plot = plot_of(&drawn, 1);
        for (int i = 0; i < 24; i++)
                if (fabs(stacked(&drawn, &plot, x_of(&plot, i + 0.5), layers[i]) - expected[i] / 1e3) > 1)
                        fail_msg("hour %d: %g, not %g kW", i, stacked(&drawn, &plot, x_of(&plot, i + 0.5), layers[i]),
                                 expected[i] / 1e3);
        expect_text(&drawn, "kW");
        expect_text(&drawn, "wind");
        expect_text(&drawn, "hydro");
        expect_text(&drawn, "paler: as planned");
        assert_true(count(&drawn, "path", "planned-load") > 0);
        drawn_finish(&drawn);
}

static struct drawn with_limit(double limit, double load_w)
{
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        struct picture_load load = { .start = MONDAY, .end = MONDAY + DAY };

        picture_add_step(&picture, &site->price, MONDAY, MONDAY + DAY, 50, false);
        load.watts[picture_layer(site, PICTURE_GRID, NULL)] = load_w;
        picture_add_load(&picture, site, &load);
        picture_add_step(&picture, &site->limit, MONDAY, MONDAY + DAY, limit, false);
        return draw(&picture);
}

static void the_limit_lies_at_its_power(void **state)
{
        struct drawn drawn = with_limit(9e6, 6e6);
        struct plot plot = plot_of(&drawn, 1);
        double y;

        (void)state;
        assert_true(line_at(&drawn, "limit", x_of(&plot, 3), &y));
        assert_true(fabs(value_at(&drawn, &plot, y) - 9) < 0.1);
        expect_text(&drawn, "limit 9 MW");
        drawn_finish(&drawn);
}

static void a_far_limit_does_not_press_the_load_flat(void **state)
{
        struct drawn drawn = with_limit(231e6, 40e3);
        struct plot plot = plot_of(&drawn, 1);
        double y;

        (void)state;
        assert_false(line_at(&drawn, "limit", x_of(&plot, 3), &y));
        assert_true(line_at(&drawn, "layer", x_of(&plot, 3), &y));
        assert_true(plot.bottom - y > (plot.bottom - plot.top) / 2);
        expect_text(&drawn, "limit above this: 231 MW");
        drawn_finish(&drawn);
}

/* ---- jobs */

static void bars_lie_at_their_hours(void **state)
{
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        struct picture_job *job = picture_add_job(&picture, site, 42, "llama-ft", 8);
        struct drawn drawn;
        struct plot plot;
        xmlNode *bar, *pause;

        (void)state;
        picture_add_run(&picture, job, MONDAY + 18 * HOUR, MONDAY + 20 * HOUR, true); /* in any order */
        picture_add_run(&picture, job, MONDAY + 3 * HOUR, MONDAY + 6 * HOUR, false);
        job->deadline = MONDAY + 21 * HOUR;
        drawn = draw(&picture);
        plot = plot_of(&drawn, 0);
        bar = find(&drawn, NULL, "rect", "run");
        assert_true(has_class(bar, "ran"));
        near(number(bar, "x"), x_of(&plot, 3));
        near(number(bar, "width"), x_of(&plot, 6) - x_of(&plot, 3));
        bar = find(&drawn, bar, "rect", "run");
        assert_true(has_class(bar, "planned"));
        near(number(bar, "x"), x_of(&plot, 18));
        near(number(bar, "width"), x_of(&plot, 20) - x_of(&plot, 18));
        pause = find(&drawn, NULL, "line", "pause");
        near(number(pause, "x1"), x_of(&plot, 6));
        near(number(pause, "x2"), x_of(&plot, 18));
        expect_text(&drawn, "42 llama-ft");
        expect_text(&drawn, "8 GPUs, 1 pause");
        assert_int_equal(count(&drawn, "path", "deadline"), 1 + 1); /* and the key's */
        assert_int_equal(count(&drawn, "path", "missed"), 0);
        drawn_finish(&drawn);
}

static void a_run_that_goes_on_is_no_pause(void **state)
{
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        struct picture_job *job = picture_add_job(&picture, site, 42, "llama-ft", 1);
        struct drawn drawn;

        (void)state;
        picture_add_run(&picture, job, MONDAY, MONDAY + 6 * HOUR, false);
        picture_add_run(&picture, job, MONDAY + 6 * HOUR, MONDAY + 7 * HOUR, true);
        drawn = draw(&picture);
        expect_text(&drawn, "1 GPU");
        assert_int_equal(count(&drawn, "line", "pause"), 1); /* the key's */
        drawn_finish(&drawn);
}

static void a_missed_deadline_says_so_in_words_too(void **state)
{
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        struct picture_job *job = picture_add_job(&picture, site, 42, "llama-ft", 8);
        struct drawn drawn;

        (void)state;
        picture_add_run(&picture, job, MONDAY, MONDAY + 6 * HOUR, true);
        job->deadline = MONDAY + 5 * HOUR;
        job->late_s = HOUR;
        drawn = draw(&picture);
        assert_int_equal(count(&drawn, "path", "missed"), 1);
        expect_text(&drawn, "8 GPUs, 1 h late");
        drawn_finish(&drawn);
}

static void a_wider_gang_has_a_thicker_bar(void **state)
{
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        double heights[3];
        struct drawn drawn;
        xmlNode *bar = NULL;

        (void)state;
        for (int i = 0; i < 3; i++)
                picture_add_run(&picture, picture_add_job(&picture, site, 1 + i, "job", (int[]){ 1, 8, 64 }[i]), MONDAY,
                                MONDAY + HOUR, true);
        drawn = draw(&picture);
        for (int i = 0; i < 3; i++) {
                bar = find(&drawn, bar, "rect", "run");
                heights[i] = number(bar, "height");
        }
        assert_true(heights[0] > 0 && heights[0] < heights[1] && heights[1] < heights[2]);
        drawn_finish(&drawn);
}

/* Of 500 jobs of 1 to 500 GPUs, shuffled, the 40 widest are shown, in their order. */
static void of_many_jobs_the_largest_are_shown(void **state)
{
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "hanford", "EUR");
        struct drawn drawn;
        char text[64];

        (void)state;
        for (int i = 0; i < 500; i++) {
                int gpus = 1 + i * 7 % 500;

                picture_add_run(&picture, picture_add_job(&picture, site, (uint64_t)i, "job", gpus), MONDAY,
                                MONDAY + HOUR, true);
        }
        drawn = draw(&picture);
        assert_int_equal(count(&drawn, "g", "job"), 40);
        for (int gpus = 1; gpus <= 500; gpus++) {
                snprintf(text, sizeof(text), gpus == 1 ? "%d GPU" : "%d GPUs", gpus);
                assert_int_equal(find_text(&drawn, text) != NULL, gpus > 460);
        }
        /* sum of 1 to 460, of the sum of 1 to 500 */
        expect_text(&drawn, "and 460 jobs more, none larger than these: 85 % of the GPU-hours");
        drawn_finish(&drawn);
}

static void any_name_makes_a_picture(void **state)
{
        static const char *const names[] = {
                "<&\">'", "\x01\x1b[2J", "\xff\xfe", "]]>", "", "\xe6\x97\xa5\xe6", "%s%n"
        };
        struct picture picture = a_day();
        struct picture_site *site = picture_add_site(&picture, "a<b&\"\xff", "E<R");
        struct drawn drawn;

        (void)state;
        picture_caption(&picture, "%s", "</text><script>alert(1)</script>\xff");
        snprintf(picture.title, sizeof(picture.title), "<&>");
        picture_layer(site, PICTURE_PPA, "<&\"\x02");
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                picture_add_run(&picture, picture_add_job(&picture, site, i, names[i], 1), MONDAY, MONDAY + HOUR, true);
        drawn = draw(&picture);
        expect_text(&drawn, "<&\">'"); /* without a number */
        expect_text(&drawn, "1 \xef\xbf\xbd\xef\xbf\xbd[2J");
        expect_text(&drawn, "6 %s%n");
        assert_int_equal(count(&drawn, "g", "job"), 7);
        drawn_finish(&drawn);
}

/* ---- the whole */

static struct picture a_full_one(void)
{
        struct picture picture = a_day();

        picture.now = MONDAY + 5 * HOUR;
        picture_caption(&picture, "now 118.40 EUR, planned 79.10 EUR");
        for (int s = 0; s < 2; s++) {
                struct picture_site *site = picture_add_site(&picture, s == 0 ? "hanford" : "lulea", "EUR");
                unsigned grid = picture_layer(site, PICTURE_GRID, NULL);

                for (int i = 0; i < 24; i++) {
                        struct picture_load load = { .start = MONDAY + i * HOUR, .end = MONDAY + (i + 1) * HOUR };

                        load.watts[grid] = 1000 * i;
                        picture_add_load(&picture, site, &load);
                        picture_add_step(&picture, &site->price, load.start, load.end, 3.7 * i, i > 12);
                        picture_add_step(&picture, &site->carbon, load.start, load.end, 200 + i, i > 12);
                }
                picture_add_run(&picture, picture_add_job(&picture, site, 1, "a", 4), MONDAY, MONDAY + 9 * HOUR, false);
        }
        return picture;
}

static void the_same_gives_the_same_bytes(void **state)
{
        struct picture one = a_full_one(), two = a_full_one();
        struct drawn first = draw(&one), second = draw(&two);

        (void)state;
        assert_string_equal(first.text, second.text);
        drawn_finish(&first);
        drawn_finish(&second);
}

static void it_stands_alone(void **state)
{
        struct picture picture = a_full_one();
        struct drawn drawn = draw(&picture);

        (void)state;
        for (xmlNode *node = xmlDocGetRootElement(drawn.document); node != NULL; node = next_node(node)) {
                static const char *const known[] = { "svg",  "title", "desc", "style", "defs", "pattern",
                                                     "rect", "path",  "line", "text",  "g" };
                bool is_known = node->type != XML_ELEMENT_NODE;

                for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                        is_known = is_known || strcmp((const char *)node->name, known[i]) == 0;
                if (!is_known)
                        fail_msg("<%s>", node->name);
                for (xmlAttr *attribute = node->type == XML_ELEMENT_NODE ? node->properties : NULL; attribute != NULL;
                     attribute = attribute->next)
                        if (strncmp((const char *)attribute->name, "on", 2) == 0 ||
                            strstr((const char *)attribute->name, "href") != NULL)
                                fail_msg("%s", attribute->name);
        }
        assert_null(strstr(drawn.text, "@import"));
        assert_null(strstr(drawn.text, "@font-face"));
        for (const char *at = drawn.text; (at = strstr(at, "url(")) != NULL; at++)
                assert_memory_equal(at, "url(#offpeak-", 13);
        drawn_finish(&drawn);
}

static void it_has_words_for_those_who_hear_it(void **state)
{
        struct picture picture = a_full_one();
        struct drawn drawn = draw(&picture);
        xmlNode *root = xmlDocGetRootElement(drawn.document), *node = root->children;
        xmlChar *content;

        (void)state;
        while (node->type != XML_ELEMENT_NODE)
                node = node->next;
        assert_string_equal(node->name, "title");
        content = xmlNodeGetContent(node);
        assert_string_equal(content, "a day");
        xmlFree(content);
        for (node = node->next; node->type != XML_ELEMENT_NODE;)
                node = node->next;
        assert_string_equal(node->name, "desc");
        content = xmlNodeGetContent(node);
        assert_non_null(strstr((const char *)content, "planned 79.10 EUR"));
        assert_non_null(strstr((const char *)content, "lulea: price"));
        xmlFree(content);
        assert_non_null(strstr(drawn.text, "prefers-color-scheme:dark"));
        drawn_finish(&drawn);
}

/* Everything lies on the page. */
static void nothing_is_drawn_beside_the_page(void **state)
{
        struct picture picture = a_full_one();
        struct drawn drawn = draw(&picture);
        xmlChar *box = xmlGetProp(xmlDocGetRootElement(drawn.document), (const xmlChar *)"viewBox");
        double width = 0, height = 0;

        (void)state;
        assert_int_equal(sscanf((const char *)box, "0 0 %lf %lf", &width, &height), 2);
        xmlFree(box);
        for (xmlNode *node = xmlDocGetRootElement(drawn.document); node != NULL; node = next_node(node)) {
                bool text = node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, "text") == 0;

                if (!text)
                        continue;
                assert_in_range((int)number(node, "x"), 0, (int)width);
                assert_in_range((int)number(node, "y"), 0, (int)height);
        }
        drawn_finish(&drawn);
}

static void an_empty_one_says_what_is_missing(void **state)
{
        struct picture picture = a_day();
        struct drawn drawn;

        (void)state;
        drawn = draw(&picture); /* no site at all */
        drawn_finish(&drawn);
        picture = a_day();
        picture_add_site(&picture, "hanford", NULL);
        drawn = draw(&picture);
        expect_text(&drawn, "no price known");
        expect_text(&drawn, "no job has hours here");
        drawn_finish(&drawn);
}

static void no_time_is_an_error(void **state)
{
        struct offpeak_error err = { 0 };
        struct picture picture;
        char *text = NULL;

        (void)state;
        picture_init(&picture, MONDAY, MONDAY);
        assert_int_equal(picture_draw(&picture, &text, &err), OFFPEAK_EINVAL);
        assert_null(text);
        picture_finish(&picture);
}

/* ---- time */

static int32_t india(int64_t time)
{
        (void)time;
        return 19800;
}

/* One hour back at 01:00 UTC. */
static int32_t autumn(int64_t time)
{
        return time < MONDAY + HOUR ? 7200 : 3600;
}

static void expect_tick(const struct drawn *drawn, const char *text, double hours, double shown)
{
        struct plot plot = plot_of(drawn, 0);
        xmlNode *node = find_text(drawn, text);

        if (node == NULL)
                fail_msg("no %s", text);
        near(number(node, "x"), plot.left + hours / shown * (plot.right - plot.left));
}

static void ticks_are_round_on_the_pictures_clock(void **state)
{
        struct picture picture = a_day();
        struct drawn drawn;

        (void)state;
        picture_add_site(&picture, "x", "EUR");
        drawn = draw(&picture);
        expect_tick(&drawn, "12:00", 12, 24);
        expect_text(&drawn, "UTC");
        drawn_finish(&drawn);
        picture = a_day();
        picture.utc_offset = india;
        picture_add_site(&picture, "x", "INR");
        drawn = draw(&picture);
        expect_tick(&drawn, "12:00", 6.5, 24);
        expect_tick(&drawn, "Tue 24 Nov", 18.5, 24);
        expect_text(&drawn, "UTC+5:30");
        drawn_finish(&drawn);
}

static void the_hour_that_comes_twice_is_there_twice(void **state)
{
        struct picture picture;
        struct drawn drawn;
        unsigned twos = 0;

        (void)state;
        picture_init(&picture, MONDAY - 3 * HOUR, MONDAY + 6 * HOUR); /* 23:00 to 07:00 */
        picture.utc_offset = autumn;
        picture_add_site(&picture, "x", "EUR");
        drawn = draw(&picture);
        for (xmlNode *node = NULL; (node = find(&drawn, node, "text", "quiet")) != NULL;) {
                xmlChar *content = xmlNodeGetContent(node);

                twos += strcmp((const char *)content, "02:00") == 0;
                xmlFree(content);
        }
        assert_int_equal(twos, 2);
        expect_tick(&drawn, "03:00", 5, 9);
        expect_text(&drawn, "UTC+2, then +1");
        drawn_finish(&drawn);
}

static void ticks_never_touch(void **state)
{
        static const int64_t shown[] = { 600,      HOUR,     5 * HOUR,  DAY,       3 * DAY,
                                         10 * DAY, 40 * DAY, 130 * DAY, 400 * DAY, 3000 * DAY };

        (void)state;
        for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
                struct picture picture;
                struct drawn drawn;
                double before = -100;
                unsigned n = 0;

                picture_init(&picture, MONDAY + 1234, MONDAY + 1234 + shown[i]);
                picture_add_site(&picture, "x", "EUR");
                drawn = draw(&picture);
                for (xmlNode *node = NULL; (node = find(&drawn, node, "text", "quiet")) != NULL;) {
                        xmlChar *anchor = xmlGetProp(node, (const xmlChar *)"text-anchor");

                        if (anchor != NULL && strcmp((const char *)anchor, "middle") == 0) {
                                assert_true(number(node, "x") - before >= 40);
                                before = number(node, "x");
                                n++;
                        }
                        xmlFree(anchor);
                }
                assert_in_range(n, 1, 18);
                drawn_finish(&drawn);
        }
}

/* A year of hours: few enough to be seen, with the mean that the hours have; a week without a value stays without. */
static void a_year_of_hours_is_drawn_as_means(void **state)
{
        static struct corners corners;
        struct picture picture;
        struct picture_site *site;
        struct drawn drawn;
        struct plot plot;
        size_t n = 0;
        double y;

        (void)state;
        picture_init(&picture, MONDAY, MONDAY + 365 * DAY);
        site = picture_add_site(&picture, "x", "EUR");
        for (int i = 0; i < 365 * 24; i++)
                if (i / 24 < 100 || i / 24 >= 107)
                        picture_add_step(&picture, &site->price, MONDAY + i * HOUR, MONDAY + (i + 1) * HOUR,
                                         (i % 24 < 12 ? 0 : 80) + i % 2, false);
        drawn = draw(&picture);
        plot = plot_of(&drawn, 0);
        for (xmlNode *path = NULL; (path = find(&drawn, path, "path", "price")) != NULL;) {
                corners_of(path, &corners);
                n += corners.n;
        }
        assert_true(n < 1500);
        assert_true(line_at(&drawn, "price", x_of(&plot, 24 * 50.5 / 365), &y));
        if (fabs(value_at(&drawn, &plot, y) - 40.5) > 0.3)
                fail_msg("the mean is %g", value_at(&drawn, &plot, y));
        assert_false(line_at(&drawn, "price", x_of(&plot, 24 * 103.0 / 365), &y));
        expect_text(&drawn, "highest 81.0, 2026-11-23 13:00");
        drawn_finish(&drawn);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_line_has_its_values_at_their_hours),
                cmocka_unit_test(what_is_not_known_is_a_gap),
                cmocka_unit_test(what_is_no_number_is_not_known),
                cmocka_unit_test(a_forecast_looks_another_way),
                cmocka_unit_test(less_than_nothing_has_a_line_of_zero),
                cmocka_unit_test(the_key_has_what_there_is),
                cmocka_unit_test(what_lies_outside_is_cut_off),
                cmocka_unit_test(layers_stack_up_to_the_load),
                cmocka_unit_test(the_limit_lies_at_its_power),
                cmocka_unit_test(a_far_limit_does_not_press_the_load_flat),
                cmocka_unit_test(bars_lie_at_their_hours),
                cmocka_unit_test(a_run_that_goes_on_is_no_pause),
                cmocka_unit_test(a_missed_deadline_says_so_in_words_too),
                cmocka_unit_test(a_wider_gang_has_a_thicker_bar),
                cmocka_unit_test(of_many_jobs_the_largest_are_shown),
                cmocka_unit_test(any_name_makes_a_picture),
                cmocka_unit_test(the_same_gives_the_same_bytes),
                cmocka_unit_test(it_stands_alone),
                cmocka_unit_test(it_has_words_for_those_who_hear_it),
                cmocka_unit_test(nothing_is_drawn_beside_the_page),
                cmocka_unit_test(an_empty_one_says_what_is_missing),
                cmocka_unit_test(no_time_is_an_error),
                cmocka_unit_test(ticks_are_round_on_the_pictures_clock),
                cmocka_unit_test(the_hour_that_comes_twice_is_there_twice),
                cmocka_unit_test(ticks_never_touch),
                cmocka_unit_test(a_year_of_hours_is_drawn_as_means),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
