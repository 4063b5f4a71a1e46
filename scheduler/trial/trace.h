/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h - a list of jobs from a CSV file: what a trial replays.
 *
 *   id,submit,gpus,duration_s,deadline,interruptible,power_w,min_gpus,max_gpus,start_cost_s,class,user
 *
 * The header names the columns, in any order; the first four are needed. Times are ISO-8601 in UTC, or, as public traces have them in
 * `submit_s` and `deadline_s`, seconds since an epoch that the caller names. power_w is what the whole job draws above idle, IT side.
 * Columns that published traces call otherwise (job_id, num_gpus) are known; others are passed over, and told.
 *
 * Rows that no cluster could run are left out, counted by kind, and named with their line: see trace_findings.
 */
#ifndef OFFPEAK_TRIAL_TRACE_H
#define OFFPEAK_TRIAL_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

/* Something was not said. */
#define TRACE_UNSAID INT64_MIN

struct trace_job {
        char *id;            /* owned; its line, if the file has no ids */
        char *class_name;    /* owned; NULL: not said */
        char *user;          /* likewise */
        size_t line;         /* 0: of no file */
        int64_t submit;      /* UTC seconds */
        int64_t duration_s;  /* uninterrupted, at `gpus`; > 0 */
        int64_t deadline;    /* UTC seconds; 0: none */
        int64_t start_cost_s; /* TRACE_UNSAID */
        double power_w;      /* NAN: not said */
        uint32_t gpus, min_gpus, max_gpus; /* of the last two one that is not said is `gpus`; both 0: neither is said */
        bool interruptible;
        bool interruptible_said;
        /* of jobs that a caller makes; no column of a file says them */
        char *site;     /* owned; the only one it may run at; NULL: any */
        uint32_t nodes; /* that its GPUs are on; 0: as few as will do */
        size_t index;   /* the caller's own */
};

/* What is wrong with a row, or with the file. */
enum trace_finding {
        TRACE_BAD_ROW = 0,      /* cut off, or a cell that cannot be read: left out */
        TRACE_NO_TIME,          /* a duration that is not above 0: left out */
        TRACE_TWICE,            /* an id that an earlier row has: left out */
        TRACE_OUT_OF_ORDER,     /* submitted before the row above it: sorted in */
        TRACE_PAST_DEADLINE,    /* a deadline that even an immediate start misses: kept */
        TRACE_UNKNOWN_COLUMN,   /* passed over */
        TRACE_TOO_WIDE,         /* more GPUs than the cluster has: left out */
        TRACE_BEFORE_SERIES,    /* submitted before the series begin: left out */
        TRACE_AFTER_SERIES,     /* cannot end before the series do: left out */
        TRACE_TOO_STRONG,       /* more power, alone, than any site has from their submission on: left out */
        TRACE_NO_PROFILE,       /* of a class that has a profile, but none of their width: kept, rigid */
        TRACE_FINDINGS,
};

/* "zero or negative duration", ... in the plural; and whether such rows are left out. */
const char *trace_finding_name(enum trace_finding finding);
bool trace_finding_leaves_out(enum trace_finding finding);

struct trace_note {
        size_t count;
        size_t line;         /* of the first; 0: no line */
        char text[160];      /* what the first one says */
};

struct trace;

/* All findings, or those that leave rows out, parted by commas: "durations that are not above zero: 2 (line 2: ...)".
 */
void trace_findings_text(const struct trace *trace, bool only_left_out, char *text, size_t size);

struct trace {
        struct trace_job *jobs; /* owned, by submission, then in the file's order */
        size_t n;
        size_t rows;            /* in the file, without the header */
        struct trace_note notes[TRACE_FINDINGS]; /* [enum trace_finding] */
};

/*
 * epoch: what `submit_s` counts from, UTC seconds. file names the text in errors. EINVAL with the place: no header, a column that is
 * needed is missing, no job at all; ENOMEM. ret_trace is written on success only.
 */
int trace_parse(const char *file, const char *text, size_t size, int64_t epoch, struct trace *ret_trace, struct offpeak_error *err);
void trace_finish(struct trace *trace);

/*
 * Take note of a finding of the jobs for which `has` says so, and leave them out if it is such a one: what only a cluster, a series
 * or a profile can tell.
 */
void trace_sift(struct trace *trace, enum trace_finding finding, bool (*has)(const void *context, const struct trace_job *job),
                const void *context, const char *says);

#endif
