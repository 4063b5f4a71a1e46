/* SPDX-License-Identifier: Apache-2.0 */
#include "io/config_faults.h"

#include <stdlib.h>
#include <string.h>

void config_faults_add(struct config_faults *faults, unsigned line, unsigned column, bool warning, const char *text)
{
        struct config_fault *items;
        char *copy;

        if (config_faults_full(faults))
                return;
        items = realloc(faults->items, (faults->n + 1) * sizeof(*items));
        copy = items != NULL ? strdup(text) : NULL;
        if (items != NULL)
                faults->items = items;
        faults->n_errors += !warning; /* it counts as one, told or not */
        if (copy == NULL)
                faults->no_memory = true;
        else
                items[faults->n++] = (struct config_fault){ line, column, warning, copy };
}

static bool is_before(const struct config_fault *a, const struct config_fault *b)
{
        return a->line < b->line || (a->line == b->line && a->column < b->column);
}

void config_faults_sort(struct config_faults *faults)
{
        for (size_t i = 1; i < faults->n; i++) {
                struct config_fault fault = faults->items[i];
                size_t at = i;

                for (; at > 0 && is_before(&fault, &faults->items[at - 1]); at--)
                        faults->items[at] = faults->items[at - 1];
                faults->items[at] = fault;
        }
}

bool config_faults_full(const struct config_faults *faults)
{
        return faults->n >= CONFIG_MOST_FAULTS;
}

void config_faults_finish(struct config_faults *faults)
{
        for (size_t i = 0; i < faults->n; i++)
                free(faults->items[i].text);
        free(faults->items);
        *faults = (struct config_faults){ 0 };
}
