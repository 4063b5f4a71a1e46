/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: rows, columns and factors are kept as they come; MPS wants factors by column, so they are sorted when
 * written.
 */
#include "bench/mps.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include <offpeak/error.h>

enum { NAME_SIZE = 32 };

struct row {
        char name[NAME_SIZE];
        enum mps_sense sense;
        double right;
};

struct column {
        char name[NAME_SIZE];
        bool integer;
        double cost, upper;
};

struct factor {
        size_t column, row;
        double value;
};

struct mps {
        struct row *rows;
        struct column *columns;
        struct factor *factors;
        size_t n_rows, n_columns, n_factors;
        size_t room_rows, room_columns, room_factors;
        bool failed;
};

struct mps *mps_create(void)
{
        return calloc(1, sizeof(struct mps));
}

void mps_destroy(struct mps *mps)
{
        if (mps == NULL)
                return;
        free(mps->factors);
        free(mps->columns);
        free(mps->rows);
        free(mps);
}

/* Room for one more; false, and remembered, if there is none. */
static bool grow(struct mps *mps, void **items, size_t n, size_t *room, size_t size)
{
        size_t wanted = *room > 0 ? 2 * *room : 256;
        void *grown;

        if (n < *room)
                return true;
        grown = realloc(*items, wanted * size);
        if (grown == NULL) {
                mps->failed = true;
                return false;
        }
        *items = grown;
        *room = wanted;
        return true;
}

size_t mps_column(struct mps *mps, bool integer, double cost, double upper, const char *name, ...)
{
        struct column *column;
        va_list arguments;

        if (!grow(mps, (void **)&mps->columns, mps->n_columns, &mps->room_columns, sizeof(*mps->columns)))
                return 0;
        column = &mps->columns[mps->n_columns];
        *column = (struct column){ .integer = integer, .cost = cost, .upper = upper };
        va_start(arguments, name);
        vsnprintf(column->name, sizeof(column->name), name, arguments);
        va_end(arguments);
        return mps->n_columns++;
}

size_t mps_row(struct mps *mps, enum mps_sense sense, double right, const char *name, ...)
{
        struct row *row;
        va_list arguments;

        if (!grow(mps, (void **)&mps->rows, mps->n_rows, &mps->room_rows, sizeof(*mps->rows)))
                return 0;
        row = &mps->rows[mps->n_rows];
        *row = (struct row){ .sense = sense, .right = right };
        va_start(arguments, name);
        vsnprintf(row->name, sizeof(row->name), name, arguments);
        va_end(arguments);
        return mps->n_rows++;
}

void mps_add(struct mps *mps, size_t row, size_t column, double factor)
{
        if (grow(mps, (void **)&mps->factors, mps->n_factors, &mps->room_factors, sizeof(*mps->factors)))
                mps->factors[mps->n_factors++] = (struct factor){ column, row, factor };
}

static int by_column(const void *a, const void *b)
{
        const struct factor *x = a, *y = b;

        if (x->column != y->column)
                return x->column < y->column ? -1 : 1;
        return x->row < y->row ? -1 : x->row > y->row;
}

static void write_columns(const struct mps *mps, FILE *file)
{
        const struct factor *next = mps->factors, *end = mps->factors + mps->n_factors;
        bool integer = false;

        for (size_t c = 0; c < mps->n_columns; c++) {
                const struct column *column = &mps->columns[c];

                if (column->integer != integer)
                        fprintf(file, " MARK%zu 'MARKER' '%s'\n", c, integer ? "INTEND" : "INTORG");
                integer = column->integer;
                fprintf(file, " %s COST %.12g\n", column->name, column->cost);
                for (; next < end && next->column == c; next++)
                        fprintf(file, " %s %s %.12g\n", column->name, mps->rows[next->row].name, next->value);
        }
        if (integer)
                fputs(" MARK 'MARKER' 'INTEND'\n", file);
}

static void write_text(const struct mps *mps, FILE *file)
{
        fputs("NAME offpeak FREE\nROWS\n N COST\n", file);
        for (size_t r = 0; r < mps->n_rows; r++)
                fprintf(file, " %c %s\n", mps->rows[r].sense, mps->rows[r].name);
        fputs("COLUMNS\n", file);
        write_columns(mps, file);
        fputs("RHS\n", file);
        for (size_t r = 0; r < mps->n_rows; r++)
                fprintf(file, " R %s %.12g\n", mps->rows[r].name, mps->rows[r].right);
        fputs("BOUNDS\n", file);
        for (size_t c = 0; c < mps->n_columns; c++)
                if (isinf(mps->columns[c].upper)) /* said also where it is the rule: solvers differ about integers */
                        fprintf(file, " PL B %s\n", mps->columns[c].name);
                else
                        fprintf(file, " UP B %s %.12g\n", mps->columns[c].name, mps->columns[c].upper);
        fputs("ENDATA\n", file);
}

int mps_write(struct mps *mps, const char *path)
{
        FILE *file;
        bool failed;

        if (mps->failed)
                return OFFPEAK_ENOMEM;
        file = fopen(path, "w");
        if (file == NULL)
                return OFFPEAK_EIO;
        qsort(mps->factors, mps->n_factors, sizeof(*mps->factors), by_column);
        write_text(mps, file);
        failed = ferror(file) != 0;
        return fclose(file) != 0 || failed ? OFFPEAK_EIO : 0;
}
