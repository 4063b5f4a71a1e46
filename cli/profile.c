/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c - `offpeak profile`: what jobs of a name were measured to do at each width and cap. */
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/table.h"
#include "cli/views.h"

/* `0.94 in 3 h, 1.5 kW in 2 h 50 min`; nothing where nothing was measured. */
static void add_measured(struct table *table, const json_t *measured)
{
        char text[160] = "", one[64], lasts[WHEN_TEXT_SIZE], power[TEXT_SIZE];
        int64_t watts;
        double speed;

        if (document_real(measured, "speed", &speed)) {
                snprintf(one, sizeof(one), "speed %.2f in %s", speed,
                         when_format_duration(document_int_or(measured, "ran_s", 0), lasts));
                text_list_add(text, sizeof(text), one);
        }
        if (document_int(measured, "power_w", &watts)) {
                snprintf(one, sizeof(one), "%s in %s", text_format_power(watts, power),
                         when_format_duration(document_int_or(measured, "metered_s", 0), lasts));
                text_list_add(text, sizeof(text), one);
        }
        table_add(table, text[0] != '\0' ? text : NULL);
}

static void add_mode(struct table *table, const json_t *mode)
{
        char power[TEXT_SIZE];
        int64_t watts;
        double cap, speed;
        bool fitted = document_real(mode, "speed", &speed);

        if (!fitted && !document_real(mode, "supposed_speed", &speed))
                speed = 0;
        table_addf(table, "%lld", (long long)document_int_or(mode, "gpus", 0));
        if (document_real(mode, "cap", &cap))
                table_addf(table, "%.0f %%", cap * 100);
        else
                table_add(table, "none");
        table_addf(table, "%.2f%s", speed, fitted ? "" : "?");
        table_add(table, document_int(mode, "power_w", &watts) ? text_format_power(watts, power) : NULL);
        add_measured(table, json_object_get(mode, "measured"));
}

static void print_head(const json_t *profile, const struct screen *screen, FILE *out)
{
        int64_t gpus = document_int_or(profile, "gpus", 0), takes;
        char asked[WHEN_TEXT_SIZE], lasts[WHEN_TEXT_SIZE], at[SCREEN_TIME_SIZE];

        screen_print(screen, out, document_text(profile, "name"));
        fputs("  (class ", out);
        screen_print(screen, out, document_text(profile, "class"));
        fprintf(out, ", user %lld)  %lld GPU%s for %s", (long long)document_int_or(profile, "uid", 0), (long long)gpus,
                gpus == 1 ? "" : "s", when_format_duration(document_int_or(profile, "time_s", 0), asked));
        if (document_int(profile, "takes_s", &takes))
                fprintf(out, ", takes %s", when_format_duration(takes, lasts));
        fprintf(out, ", last submitted %s\n", screen_time(screen, document_time(profile, "submitted_utc"), at));
}

/* True: some speed is not measured yet. */
static bool any_supposed(const json_t *modes)
{
        json_t *mode;
        double speed;
        size_t i;

        json_array_foreach(modes, i, mode) if (!document_real(mode, "speed", &speed)) return true;
        return false;
}

static int print_profile(const json_t *profile, const struct screen *screen, FILE *out)
{
        static const struct table_column columns[] = {
                { "GPUS", true }, { "CAP", true }, { "SPEED", true }, { "POWER", true }, { "MEASURED", false }
        };
        const json_t *modes = json_object_get(profile, "modes");
        struct table table;
        json_t *mode;
        size_t i;
        int r;

        print_head(profile, screen, out);
        table_init(&table, screen, columns, sizeof(columns) / sizeof(columns[0]));
        json_array_foreach(modes, i, mode) add_mode(&table, mode);
        r = table_print(&table, out);
        table_finish(&table);
        if (any_supposed(modes))
                fputs("?: supposed, until a width and cap were measured for five minutes\n", out);
        return r;
}

int view_profile(const json_t *document, const struct screen *screen, FILE *out)
{
        const json_t *profiles = json_object_get(document, "profiles");
        json_t *profile;
        size_t i;
        int r = 0;

        if (json_array_size(profiles) == 0)
                fputs("no job with a name has been submitted yet\n", out);
        json_array_foreach(profiles, i, profile)
        {
                if (i > 0)
                        putc('\n', out);
                r = print_profile(profile, screen, out);
                if (r != 0)
                        break;
        }
        return r;
}

/* ---- the command */

const struct option_row profile_rows[] = { COMMAND_OPTIONS };

int command_profile(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        uint64_t job = 0;
        int r = command_parse(run, argc, argv, NULL, NULL, err);

        if (r == 0)
                r = command_expect(run, 0, 1, "one job number, or none", err);
        if (r == 0 && run->n_operands == 1)
                r = command_job(run->operands[0], &job, err);
        if (r != 0)
                return r;
        return command_answer(run, "profile", job != 0 ? json_pack("{s:I}", "job", (json_int_t)job) : NULL, view_profile,
                              err);
}
