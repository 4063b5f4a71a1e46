/* SPDX-License-Identifier: Apache-2.0 */
#include <offpeak/error.h>
#include <offpeak/job.h>

#include <stdlib.h>
#include <string.h>

void offpeak_job_spec_init(struct offpeak_job_spec *spec)
{
        memset(spec, 0, sizeof(*spec));
        spec->nodes = 1;
        spec->gpus_per_node = 1;
}

static void free_words(char **words, size_t n)
{
        if (words == NULL)
                return;
        for (size_t i = 0; i < n; i++)
                free(words[i]);
        free(words);
}

void offpeak_job_spec_finish(struct offpeak_job_spec *spec)
{
        free(spec->name);
        free(spec->class_name);
        free_words(spec->argv, spec->argc);
        free_words(spec->env, spec->envc);
        free(spec->directory);
        free(spec->stdout_path);
        free(spec->stderr_path);
        free(spec->checkpoint_dir);
        free(spec->site);
        free(spec->after_ok);
        free(spec->after_any);
        free(spec->widths);
        free_words(spec->features, spec->n_features);
        offpeak_job_spec_init(spec);
}

static int copy_text(const char *text, char **ret_text)
{
        if (text == NULL)
                return 0;
        *ret_text = strdup(text);
        return *ret_text != NULL ? 0 : OFFPEAK_ENOMEM;
}

static int copy_words(char *const *words, size_t n, char ***ret_words, size_t *ret_n)
{
        if (words == NULL)
                return 0;
        *ret_words = calloc(n + 1, sizeof(char *));
        if (*ret_words == NULL)
                return OFFPEAK_ENOMEM;
        *ret_n = n;
        for (size_t i = 0; i < n; i++)
                if (copy_text(words[i], &(*ret_words)[i]) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

static int copy_ids(const uint64_t *ids, size_t n, uint64_t **ret_ids, size_t *ret_n)
{
        if (n == 0)
                return 0;
        *ret_ids = malloc(n * sizeof(*ids));
        if (*ret_ids == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(*ret_ids, ids, n * sizeof(*ids));
        *ret_n = n;
        return 0;
}

static int copy_widths(const struct offpeak_width *widths, size_t n, struct offpeak_width **ret_widths, size_t *ret_n)
{
        if (n == 0)
                return 0;
        *ret_widths = malloc(n * sizeof(*widths));
        if (*ret_widths == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(*ret_widths, widths, n * sizeof(*widths));
        *ret_n = n;
        return 0;
}

int offpeak_job_spec_copy(const struct offpeak_job_spec *spec, struct offpeak_job_spec *ret_spec)
{
        struct offpeak_job_spec copy = *spec;

        copy.name = copy.class_name = copy.directory = NULL;
        copy.stdout_path = copy.stderr_path = copy.checkpoint_dir = copy.site = NULL;
        copy.argv = copy.env = NULL;
        copy.argc = copy.envc = 0;
        copy.after_ok = copy.after_any = NULL;
        copy.n_after_ok = copy.n_after_any = 0;
        copy.widths = NULL;
        copy.n_widths = 0;
        copy.features = NULL;
        copy.n_features = 0;
        if (copy_text(spec->name, &copy.name) != 0 || copy_text(spec->class_name, &copy.class_name) != 0 ||
            copy_words(spec->argv, spec->argc, &copy.argv, &copy.argc) != 0 ||
            copy_words(spec->env, spec->envc, &copy.env, &copy.envc) != 0 ||
            copy_text(spec->directory, &copy.directory) != 0 || copy_text(spec->stdout_path, &copy.stdout_path) != 0 ||
            copy_text(spec->stderr_path, &copy.stderr_path) != 0 ||
            copy_text(spec->checkpoint_dir, &copy.checkpoint_dir) != 0 || copy_text(spec->site, &copy.site) != 0 ||
            copy_ids(spec->after_ok, spec->n_after_ok, &copy.after_ok, &copy.n_after_ok) != 0 ||
            copy_ids(spec->after_any, spec->n_after_any, &copy.after_any, &copy.n_after_any) != 0 ||
            copy_widths(spec->widths, spec->n_widths, &copy.widths, &copy.n_widths) != 0 ||
            copy_words(spec->features, spec->n_features, &copy.features, &copy.n_features) != 0) {
                offpeak_job_spec_finish(&copy);
                return OFFPEAK_ENOMEM;
        }
        *ret_spec = copy;
        return 0;
}
