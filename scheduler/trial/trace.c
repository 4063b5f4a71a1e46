/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c - a row at a time: each column that is known has a reader of its own in one table. */
#include "trial/trace.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "core/room.h"
#include "feeds/csv_table.h"

enum { MOST_COLUMNS = 256, MOST_GPUS = 2000000000 };

static const struct {
        const char *name;
        bool leaves_out;
} findings[TRACE_FINDINGS] = {
        [TRACE_BAD_ROW] = { "rows that cannot be read", true },
        [TRACE_NO_TIME] = { "durations that are not above zero", true },
        [TRACE_TWICE] = { "ids that stand twice", true },
        [TRACE_OUT_OF_ORDER] = { "rows out of the order of submission", false },
        [TRACE_PAST_DEADLINE] = { "deadlines that nobody could meet", false },
        [TRACE_UNKNOWN_COLUMN] = { "columns that are not known", false },
        [TRACE_TOO_WIDE] = { "jobs wider than the cluster", true },
        [TRACE_BEFORE_SERIES] = { "jobs submitted before the series begin", true },
        [TRACE_AFTER_SERIES] = { "jobs that cannot end before the series do", true },
        [TRACE_TOO_STRONG] = { "jobs that draw more than any site ever has", true },
        [TRACE_NO_PROFILE] = { "jobs whose class has a profile, but none of their width", false },
};

const char *trace_finding_name(enum trace_finding finding)
{
        return findings[finding].name;
}

bool trace_finding_leaves_out(enum trace_finding finding)
{
        return findings[finding].leaves_out;
}

void trace_findings_text(const struct trace *trace, bool only_left_out, char *text, size_t size)
{
        text[0] = '\0';
        for (int i = 0; i < TRACE_FINDINGS; i++) {
                const struct trace_note *note = &trace->notes[i];
                char one[300], line[40] = "";

                if (note->count == 0 || (only_left_out && !findings[i].leaves_out))
                        continue;
                if (note->line != 0)
                        snprintf(line, sizeof(line), "line %zu: ", note->line);
                snprintf(one, sizeof(one), "%s: %zu (%s%s)", findings[i].name, note->count, line, note->text);
                text_list_add(text, size, one);
        }
}

static void job_finish(struct trace_job *job)
{
        free(job->id);
        free(job->class_name);
        free(job->user);
        free(job->site);
}

void trace_finish(struct trace *trace)
{
        for (size_t i = 0; i < trace->n; i++)
                job_finish(&trace->jobs[i]);
        free(trace->jobs);
        *trace = (struct trace){ 0 };
}

__attribute__((format(printf, 4, 5))) static void note(struct trace *trace, enum trace_finding finding, size_t line,
                                                       const char *format, ...)
{
        struct trace_note *at = &trace->notes[finding];
        va_list args;

        if (at->count++ > 0)
                return;
        at->line = line;
        va_start(args, format);
        vsnprintf(at->text, sizeof(at->text), format, args);
        va_end(args);
}

/* ---- columns */

struct reader {
        struct csv_table *table;
        const char *file;
        int64_t epoch;
        struct trace trace;
        int column_of[MOST_COLUMNS]; /* index into columns; -1: passed over */
        struct trace_job job;        /* the row's */
        bool ordered_by_line;        /* there are no ids */
};

typedef int (*take)(struct reader *reader, const struct cell *cell, size_t offset);

/* A quote within quotes stands twice. */
static int take_text(struct reader *reader, const struct cell *cell, size_t offset)
{
        char **to = (char **)((char *)&reader->job + offset);
        size_t n = 0;

        if (cell->size == 0)
                return 0;
        if (memchr(cell->text, '\0', cell->size) != NULL)
                return OFFPEAK_EINVAL; /* names of different cells would be the same, or none */
        *to = strndup(cell->text, cell->size);
        if (*to == NULL)
                return OFFPEAK_ENOMEM;
        for (const char *at = *to; *at != '\0'; at += at[0] == '"' && at[1] == '"' ? 2 : 1)
                (*to)[n++] = *at;
        (*to)[n] = '\0';
        return 0;
}

static int take_time(struct reader *reader, const struct cell *cell, size_t offset)
{
        char text[64];

        if (cell->size == 0)
                return 0;
        return when_parse_iso(csv_cell_text(cell, text), (int64_t *)((char *)&reader->job + offset), NULL);
}

/* Seconds since the epoch, to the next whole one. */
static int take_since(struct reader *reader, const struct cell *cell, size_t offset)
{
        double seconds;

        if (cell->size == 0)
                return 0;
        if (csv_cell_number(cell, &seconds) != 0 || !(fabs(seconds) < 1e11))
                return OFFPEAK_EINVAL;
        *(int64_t *)((char *)&reader->job + offset) = reader->epoch + (int64_t)ceil(seconds);
        return 0;
}

static int take_seconds(struct reader *reader, const struct cell *cell, size_t offset)
{
        double seconds;

        if (cell->size == 0)
                return 0;
        if (csv_cell_number(cell, &seconds) != 0 || !(fabs(seconds) < 1e11))
                return OFFPEAK_EINVAL;
        *(int64_t *)((char *)&reader->job + offset) = (int64_t)ceil(seconds);
        return 0;
}

static int take_cost(struct reader *reader, const struct cell *cell, size_t offset)
{
        double seconds;

        if (cell->size > 0 && csv_cell_number(cell, &seconds) == 0 && seconds < 0)
                return OFFPEAK_EINVAL;
        return take_seconds(reader, cell, offset);
}

static int take_count(struct reader *reader, const struct cell *cell, size_t offset)
{
        int64_t count;

        if (cell->size == 0)
                return 0;
        if (csv_cell_integer(cell, &count) != 0 || count < 1 || count > MOST_GPUS)
                return OFFPEAK_EINVAL;
        *(uint32_t *)((char *)&reader->job + offset) = (uint32_t)count;
        return 0;
}

static int take_watts(struct reader *reader, const struct cell *cell, size_t offset)
{
        double watts;

        if (cell->size == 0)
                return 0;
        if (csv_cell_number(cell, &watts) != 0 || watts < 0 || watts > 1e12)
                return OFFPEAK_EINVAL;
        *(double *)((char *)&reader->job + offset) = watts;
        return 0;
}

static int take_choice(struct reader *reader, const struct cell *cell, size_t offset)
{
        static const struct { const char *word; bool is; } words[] = { { "1", true },     { "0", false },  { "true", true },
                                                                       { "false", false }, { "yes", true }, { "no", false } };
        char text[64];

        (void)offset;
        for (size_t i = 0; cell->size > 0 && i < sizeof(words) / sizeof(words[0]); i++)
                if (strcasecmp(csv_cell_text(cell, text), words[i].word) == 0) {
                        reader->job.interruptible = words[i].is;
                        reader->job.interruptible_said = true;
                        return 0;
                }
        return cell->size == 0 ? 0 : OFFPEAK_EINVAL;
}

/* Of two names for one thing the first that a header has counts. */
static const struct column {
        const char *name;
        take take;
        size_t offset;
        const char *wants; /* what its cells must be */
        bool is_needed;    /* it, or another one with the same offset */
} columns[] = {
        { "id", take_text, offsetof(struct trace_job, id), "a name", false },
        { "job_id", take_text, offsetof(struct trace_job, id), "a name", false },
        { "submit", take_time, offsetof(struct trace_job, submit), "a time such as 2026-11-22T08:00:00Z", true },
        { "submit_s", take_since, offsetof(struct trace_job, submit), "seconds since the trace began", true },
        { "gpus", take_count, offsetof(struct trace_job, gpus), "a whole number of GPUs, 1 to 2,000,000,000", true },
        { "num_gpus", take_count, offsetof(struct trace_job, gpus), "a whole number of GPUs, 1 to 2,000,000,000",
          true },
        { "cpus_units_as_published", take_count, offsetof(struct trace_job, gpus), "a whole number, 1 to 2,000,000,000",
          true },
        { "duration_s", take_seconds, offsetof(struct trace_job, duration_s), "seconds", true },
        { "deadline", take_time, offsetof(struct trace_job, deadline), "a time such as 2026-11-22T08:00:00Z", false },
        { "deadline_s", take_since, offsetof(struct trace_job, deadline), "seconds since the trace began", false },
        { "interruptible", take_choice, offsetof(struct trace_job, interruptible), "0 or 1", false },
        { "power_w", take_watts, offsetof(struct trace_job, power_w), "watts, 0 or more", false },
        { "min_gpus", take_count, offsetof(struct trace_job, min_gpus), "a whole number of GPUs, 1 to 2,000,000,000",
          false },
        { "max_gpus", take_count, offsetof(struct trace_job, max_gpus), "a whole number of GPUs, 1 to 2,000,000,000",
          false },
        { "start_cost_s", take_cost, offsetof(struct trace_job, start_cost_s), "seconds, 0 or more", false },
        { "class", take_text, offsetof(struct trace_job, class_name), "a name", false },
        { "model_name", take_text, offsetof(struct trace_job, class_name), "a name", false },
        { "user", take_text, offsetof(struct trace_job, user), "a name", false },
        { "vc", take_text, offsetof(struct trace_job, user), "a name", false },
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static int find_column(const char *name)
{
        for (int i = 0; i < COLUMNS; i++)
                if (strcasecmp(columns[i].name, name) == 0)
                        return i;
        return -1;
}

/* Which row of the table of columns stands for `offset` in this file; -1: none. */
static int bound_to(const struct csv_table *table, size_t offset)
{
        for (int i = 0; i < COLUMNS; i++)
                if (columns[i].offset == offset && csv_table_find(table, columns[i].name) >= 0)
                        return i;
        return -1;
}

static int read_header(struct reader *reader, const char *file, struct offpeak_error *err)
{
        struct csv_table *table = reader->table;

        for (unsigned i = 0; i < csv_table_columns(table); i++) {
                int column = find_column(csv_table_name(table, i));

                reader->column_of[i] = column >= 0 && bound_to(table, columns[column].offset) == column ? column : -1;
                if (column < 0)
                        note(&reader->trace, TRACE_UNKNOWN_COLUMN, csv_table_line(table), "\"%.100s\"", csv_table_name(table, i));
        }
        for (int i = 0; i < COLUMNS; i++)
                if (columns[i].is_needed && bound_to(table, columns[i].offset) < 0)
                        return fail(err, OFFPEAK_EINVAL,
                                    "%s:%zu:1: there is no column \"%s\": a list of jobs needs submit, gpus and duration_s", file,
                                    csv_table_line(table), columns[i].name);
        return 0;
}

/* ---- rows */

static void job_init(struct trace_job *job, size_t line)
{
        *job = (struct trace_job){ .line = line, .power_w = NAN, .start_cost_s = TRACE_UNSAID, .submit = TRACE_UNSAID,
                                   .duration_s = TRACE_UNSAID };
}

static int take_cells(struct reader *reader, const struct cell *cells, const struct cell **ret_bad, int *ret_column)
{
        for (unsigned i = 0; i < csv_table_columns(reader->table); i++) {
                int column = reader->column_of[i];
                int code = column < 0 ? 0 : columns[column].take(reader, &cells[i], columns[column].offset);

                if (code == 0 && column >= 0 && columns[column].is_needed && cells[i].size == 0)
                        code = OFFPEAK_EINVAL;
                if (code == 0)
                        continue;
                *ret_bad = &cells[i];
                *ret_column = column;
                return code;
        }
        return 0;
}

static int keep_job(struct reader *reader)
{
        struct trace_job *job = &reader->job, *kept;
        struct trace *trace = &reader->trace;
        char text[32];

        if (job->duration_s <= 0) {
                note(trace, TRACE_NO_TIME, job->line, "duration_s is %lld", (long long)job->duration_s);
                job_finish(job);
                return 0;
        }
        if (job->id == NULL) {
                snprintf(text, sizeof(text), "%zu", job->line);
                job->id = strdup(text);
        }
        if (job->min_gpus != 0 || job->max_gpus != 0) {
                job->min_gpus = job->min_gpus != 0 ? job->min_gpus : job->gpus;
                job->max_gpus = job->max_gpus != 0 ? job->max_gpus : job->gpus;
        }
        if (job->deadline != 0 && job->deadline < job->submit + job->duration_s)
                note(trace, TRACE_PAST_DEADLINE, job->line, "job %.64s", job->id);
        kept = job->id != NULL ? room_for_one((void **)&trace->jobs, trace->n, sizeof(*kept)) : NULL;
        if (kept == NULL) {
                job_finish(job);
                return OFFPEAK_ENOMEM;
        }
        *kept = *job;
        trace->n++;
        return 0;
}

static int take_row(struct reader *reader, const struct cell *cells)
{
        const struct cell *bad = NULL;
        char text[64];
        int column = 0, code;

        job_init(&reader->job, csv_table_line(reader->table));
        code = take_cells(reader, cells, &bad, &column);
        if (code == 0 && (reader->job.min_gpus > reader->job.gpus ||
                          (reader->job.max_gpus != 0 && reader->job.max_gpus < reader->job.gpus))) {
                note(&reader->trace, TRACE_BAD_ROW, reader->job.line, "gpus must lie from min_gpus to max_gpus");
                job_finish(&reader->job);
                return 0;
        }
        if (code == 0)
                return keep_job(reader);
        job_finish(&reader->job);
        if (code == OFFPEAK_EINVAL)
                note(&reader->trace, TRACE_BAD_ROW, reader->job.line, "%s is \"%s\": it must be %s", columns[column].name,
                     csv_cell_text(bad, text), columns[column].wants);
        return code == OFFPEAK_EINVAL ? 0 : code;
}

/* The text without the place that begins it, as notes have a line of their own; all of it, where the place left no room for more. */
static const char *cause_of(const char *text, const char *file)
{
        size_t size = strlen(file);
        const char *cause = text;

        if (strncmp(text, file, size) == 0) {
                cause += size + strspn(text + size, ":0123456789");
                cause += strspn(cause, " ");
        }
        return *cause != '\0' ? cause : text;
}

static int read_rows(struct reader *reader, struct offpeak_error *err)
{
        struct cell cells[MOST_COLUMNS];
        struct offpeak_error bad;
        int code, got;

        while ((got = csv_table_next(reader->table, cells, &bad)) != 0) {
                reader->trace.rows++;
                if (got == 1)
                        code = take_row(reader, cells);
                else {
                        note(&reader->trace, TRACE_BAD_ROW, csv_table_line(reader->table), "%s",
                             cause_of(bad.text, reader->file));
                        code = 0;
                }
                if (code != 0)
                        return fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        return 0;
}

/* ---- all of them */

static int by_id(const void *a, const void *b)
{
        const struct trace_job *x = *(const struct trace_job *const *)a, *y = *(const struct trace_job *const *)b;
        int order = strcmp(x->id, y->id);

        return order != 0 ? order : x->line < y->line ? -1 : x->line > y->line;
}

static int by_submit(const void *a, const void *b)
{
        const struct trace_job *x = a, *y = b;

        if (x->submit != y->submit)
                return x->submit < y->submit ? -1 : 1;
        return x->line < y->line ? -1 : x->line > y->line;
}

/* Of rows with one id the first is kept. */
static int drop_twice(struct trace *trace)
{
        const struct trace_job **ids = malloc((trace->n + 1) * sizeof(*ids));
        size_t kept = 0;

        if (ids == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < trace->n; i++)
                ids[i] = &trace->jobs[i];
        qsort(ids, trace->n, sizeof(*ids), by_id);
        for (size_t i = 1; i < trace->n; i++)
                if (strcmp(ids[i]->id, ids[i - 1]->id) == 0) {
                        note(trace, TRACE_TWICE, ids[i]->line, "\"%.64s\" stands in line %zu already", ids[i]->id, ids[i - 1]->line);
                        ((struct trace_job *)ids[i])->gpus = 0; /* marked */
                }
        free(ids);
        for (size_t i = 0; i < trace->n; i++) {
                if (trace->jobs[i].gpus == 0)
                        job_finish(&trace->jobs[i]);
                else
                        trace->jobs[kept++] = trace->jobs[i];
        }
        trace->n = kept;
        return 0;
}

static void sort(struct trace *trace)
{
        for (size_t i = 1; i < trace->n; i++)
                if (trace->jobs[i].submit < trace->jobs[i - 1].submit)
                        note(trace, TRACE_OUT_OF_ORDER, trace->jobs[i].line, "job %.64s", trace->jobs[i].id);
        if (trace->n > 0)
                qsort(trace->jobs, trace->n, sizeof(*trace->jobs), by_submit);
}

static int refuse_all(const struct trace *trace, const char *file, struct offpeak_error *err)
{
        char why[500];

        trace_findings_text(trace, true, why, sizeof(why));
        return fail(err, OFFPEAK_EINVAL, "%s: there is no job in it that could be run (%zu row%s)%s%s", file,
                    trace->rows, trace->rows == 1 ? "" : "s", why[0] != '\0' ? ": " : "", why);
}

int trace_parse(const char *file, const char *text, size_t size, int64_t epoch, struct trace *ret_trace, struct offpeak_error *err)
{
        struct reader reader = { .file = file, .epoch = epoch };
        int code = csv_table_open(file, text, size, &reader.table, err);

        if (code != 0)
                return code;
        code = read_header(&reader, file, err);
        if (code == 0)
                code = read_rows(&reader, err);
        if (code == 0 && drop_twice(&reader.trace) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (code == 0 && reader.trace.n == 0)
                code = refuse_all(&reader.trace, file, err);
        csv_table_close(reader.table);
        if (code != 0) {
                trace_finish(&reader.trace);
                return code;
        }
        sort(&reader.trace);
        *ret_trace = reader.trace;
        return 0;
}

void trace_sift(struct trace *trace, enum trace_finding finding, bool (*has)(const void *context, const struct trace_job *job),
                const void *context, const char *says)
{
        size_t kept = 0;

        for (size_t i = 0; i < trace->n; i++) {
                if (!has(context, &trace->jobs[i])) {
                        trace->jobs[kept++] = trace->jobs[i];
                        continue;
                }
                note(trace, finding, trace->jobs[i].line, "job %.64s%s%.80s", trace->jobs[i].id, says[0] != '\0' ? ": " : "", says);
                if (findings[finding].leaves_out)
                        job_finish(&trace->jobs[i]);
                else
                        trace->jobs[kept++] = trace->jobs[i];
        }
        trace->n = kept;
}
