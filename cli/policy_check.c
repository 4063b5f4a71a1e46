/* SPDX-License-Identifier: Apache-2.0 */
/* policy_check.c - `offpeak policy check FILE`: would offpeakd take it? Its own reader is asked. */
#include <string.h>

#include "base/fail.h"
#include "cli/policy.h"
#include "io/config.h"
#include "io/config_files.h"

static size_t count_feeds(const struct config *config, bool addresses)
{
        size_t n = 0;

        for (size_t s = 0; s < config->policy.n_sites; s++) {
                const struct config_site_files *files = &config->files[s];
                const struct config_feed *single[] = { &files->price, &files->carbon,       &files->capacity,
                                                       &files->limit, &files->export_price, &files->solar,
                                                       &files->stored };

                for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
                        n += addresses ? single[i]->url != NULL : single[i]->path != NULL;
                for (size_t i = 0; i < SUPPLY_MAX_PPAS; i++)
                        n += addresses ? files->ppas[i].url != NULL : files->ppas[i].path != NULL;
        }
        return n;
}

static json_t *fault_json(const struct config_fault *fault)
{
        return json_pack("{s:o, s:o, s:s, s:s}", "line", fault->line > 0 ? json_integer(fault->line) : json_null(),
                         "column", fault->column > 0 ? json_integer(fault->column) : json_null(), "severity",
                         fault->warning ? "warning" : "error", "text", fault->text);
}

/* config NULL: it was not taken. */
static json_t *document_of(const char *path, const struct config *config, const struct config_faults *faults)
{
        json_t *list = json_array(), *document;

        for (size_t i = 0; i < faults->n; i++)
                json_array_append_new(list, fault_json(&faults->items[i]));
        document = json_pack("{s:s, s:s, s:b, s:o}", "schema", "offpeak.policy_check/1", "file", path, "ok",
                             config != NULL, "faults", list);
        if (document == NULL)
                return NULL;
        json_object_set_new(document, "sites",
                            config != NULL ? json_integer((json_int_t)config->policy.n_sites) : json_null());
        json_object_set_new(document, "classes",
                            config != NULL ? json_integer((json_int_t)config->policy.n_classes) : json_null());
        json_object_set_new(document, "files",
                            config != NULL ? json_integer((json_int_t)count_feeds(config, false)) : json_null());
        json_object_set_new(document, "addresses",
                            config != NULL ? json_integer((json_int_t)count_feeds(config, true)) : json_null());
        return document;
}

static void print_count(FILE *out, const char *before, size_t n, const char *one, const char *many)
{
        fprintf(out, "%s%zu %s", before, n, n == 1 ? one : many);
}

static void print_faults(const struct command_run *run, const char *path, const struct config_faults *faults)
{
        for (size_t i = 0; i < faults->n; i++) {
                const struct config_fault *fault = &faults->items[i];
                char place[40] = "";

                if (fault->line > 0)
                        snprintf(place, sizeof(place), ":%u:%u", fault->line, fault->column);
                screen_print(&run->screen, run->out, path);
                fprintf(run->out, "%s: %s", place, fault->warning ? "warning: " : "");
                screen_print(&run->screen, run->out, fault->text);
                putc('\n', run->out);
        }
        if (config_faults_full(faults))
                fprintf(run->out, "... and so on: what comes behind was not looked at\n");
}

static void print_good(const struct command_run *run, const char *path, const struct config *config, size_t warnings)
{
        size_t addresses = count_feeds(config, true);

        screen_print(&run->screen, run->out, path);
        fputs(": ok: ", run->out);
        print_count(run->out, "", config->policy.n_sites, "site", "sites");
        print_count(run->out, ", ", config->policy.n_classes, "class", "classes");
        print_count(run->out, ", ", count_feeds(config, false), "file", "files");
        if (addresses > 0) {
                print_count(run->out, ", ", addresses, "address", "addresses");
                fputs(" (not asked)", run->out);
        }
        if (warnings > 0)
                print_count(run->out, ", ", warnings, "warning", "warnings");
        putc('\n', run->out);
}

static int tell(struct command_run *run, const char *path, const struct config *config,
                const struct config_faults *faults, struct offpeak_error *err)
{
        size_t warnings = faults->n - faults->n_errors;
        json_t *document;

        if (run->json) {
                document = document_of(path, config, faults);
                if (document == NULL)
                        return fail(err, OFFPEAK_ENOMEM, "out of memory, or \"%s\" is not UTF-8", path);
                command_print_json(run, document);
                json_decref(document);
        } else {
                print_faults(run, path, faults);
                if (config != NULL)
                        print_good(run, path, config, warnings);
        }
        if (config != NULL)
                return 0;
        return fail(err, OFFPEAK_EINVAL, "%s: %zu %s: offpeakd would not take it", path, faults->n_errors,
                    faults->n_errors == 1 ? "error" : "errors");
}

int policy_check(struct command_run *run, const struct policy_options *options, struct offpeak_error *err)
{
        const char *path = run->operands[0];
        struct config_faults faults = { 0 };
        struct config config;
        int code = config_read_all(path, &config, &faults, err);

        (void)options;
        if (code == 0) {
                config_files_check(&config, &faults);
                code = faults.no_memory ? fail(err, OFFPEAK_ENOMEM, "out of memory")
                                        : tell(run, path, &config, &faults, err);
                config_finish(&config);
        } else if (code == OFFPEAK_ECONFIG) {
                code = tell(run, path, NULL, &faults, err);
        }
        config_faults_finish(&faults);
        return code;
}
