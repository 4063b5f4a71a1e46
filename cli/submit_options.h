/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit_options.h - what `offpeak submit` can be told, from the command line and from a script's #OFFPEAK lines, made
 * into a job spec. Nothing here talks to the scheduler or reads a clock.
 */
#ifndef OFFPEAK_CLI_SUBMIT_OPTIONS_H
#define OFFPEAK_CLI_SUBMIT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <offpeak/error.h>
#include <offpeak/job.h>

#include "cli/options.h"

extern const struct option_row submit_rows[];

/* Where an option was read. Later sources win over earlier ones. */
enum submit_source { SUBMIT_SCRIPT = 1, SUBMIT_LINE = 2 };

/* A number and where it was given; source 0: not given. */
struct submit_number {
        int64_t value;
        enum submit_source source;
};

/* A variable for the job: NAME or NAME=value. */
struct submit_variable {
        char *word;
        bool exported;               /* by --export, not by --env */
};

struct submit_settings {
        enum submit_source source;   /* of the options taken now */
        struct offpeak_job_spec spec;
        struct submit_number gpus, nodes, gpus_per_node;
        int64_t least_gpus;          /* of --gpus LEAST-MOST; 0: the job has one width */
        char *begin, *deadline;      /* as written: they are read against the scheduler's clock */
        struct submit_variable *env; /* of --env and --export, in order */
        size_t n_env;
        bool export_none;
        enum submit_source after_source; /* of spec.after_ok and after_any: the line's take the place of the script's */
        enum submit_source features_source; /* of spec.features, likewise */
        size_t named_by;             /* the word of the command that names the job, if --job-name does not */
        bool parsable;
};

void submit_settings_init(struct submit_settings *settings);
void submit_settings_finish(struct submit_settings *settings);

/* Take one option. EINVAL names option, value and remedy; ENOMEM. */
int submit_take(struct submit_settings *settings, const struct option_found *found, struct offpeak_error *err);

/* Take the options of a script's header; path is for the sentences. */
struct script;
int submit_take_script(struct submit_settings *settings, const char *path, const struct script *script,
                       struct offpeak_error *err);

/* A time as --begin takes it, local or not, against `now`; the error names the option. */
int submit_resolve_time(const char *option, const char *text, int64_t now, int64_t *ret_time,
                        struct offpeak_error *err);

/* True if --begin or --deadline was given: then submit_resolve needs the scheduler's clock. */
bool submit_needs_clock(const struct submit_settings *settings);

/*
 * The rest of the spec: shape of the gang, times against `now`, environment (that of the submitter, `environ`, unless
 * --export=NONE), working directory and name by default. The command must stand in spec.argv already. EUSAGE, EINVAL,
 * ENOMEM.
 */
int submit_resolve(struct submit_settings *settings, int64_t now, const char *directory, char *const *environ,
                   struct offpeak_error *err);

/*
 * Set spec.argv to copies of n words behind m words (either may be none). The job is called after the last of the m, a
 * script behind its interpreter, or else after the first of all. ENOMEM.
 */
int submit_command(struct submit_settings *settings, char *const *first, int m, char *const *words, int n,
                   struct offpeak_error *err);

#endif
