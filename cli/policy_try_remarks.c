/* SPDX-License-Identifier: Apache-2.0 */
/* policy_try_remarks.c - what the new policy lacks that the past had, what a replay takes otherwise, what no row
 * counts. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/document.h"
#include "cli/policy_try_document.h"

struct remarks {
        const struct try_facts *facts;
        json_t *list;
        bool failed;
};

__attribute__((format(printf, 2, 3))) static void say(struct remarks *r, const char *format, ...)
{
        char text[800];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (json_array_append_new(r->list, json_string(text)) != 0)
                r->failed = true;
}

/* ---- sites */

/* Nodes at a site that count under `policy`; NULL: all that are at it. */
static size_t nodes_at(const struct past *past, const char *site, const struct policy *policy)
{
        const json_t *node;
        size_t i, n = 0;

        json_array_foreach(json_object_get(past->nodes, "nodes"), i, node)
        {
                const char *at = document_text(node, "site");

                n += at != NULL && strcmp(at, site) == 0 && (policy == NULL || past_node_counts(node, policy));
        }
        return n;
}

static size_t jobs_at(const struct past *past, const char *site)
{
        size_t n = 0;

        for (size_t i = 0; i < past->n_jobs; i++) {
                const struct past_job *job = &past->jobs[i];
                bool there = false;

                for (size_t k = 0; k < job->n_runs; k++)
                        there = there || strcmp(job->runs[k].site, site) == 0;
                n += there && job->out == PAST_KEPT;
        }
        return n;
}

static void tell_sites(struct remarks *r)
{
        const struct policy *old = r->facts->in_force, *new = r->facts->renewed;
        const struct past *past = r->facts->past;

        for (size_t s = 0; s < old->n_sites; s++) {
                const char *name = old->sites[s].name;
                size_t all = nodes_at(past, name, NULL), used = nodes_at(past, name, old);

                if (policy_site(new, name) == NULL)
                        say(r,
                            "site %s is not in %s: its %zu nodes are not in that replay, and the %zu jobs that ran "
                            "there run elsewhere. Keep the site in the file if it is to stay",
                            name, r->facts->source, used, jobs_at(past, name));
                if (used < all)
                        say(r, "%zu nodes of site %s are fenced, or without GPUs, now: no replay has them", all - used,
                            name);
        }
        for (size_t s = 0; s < new->n_sites; s++)
                if (policy_site(old, new->sites[s].name) == NULL)
                        say(r,
                            "site %s is new in %s: it has no nodes and no past prices, so nothing runs there. "
                            "`offpeak simulate --config %s` tries it with nodes that you name",
                            new->sites[s].name, r->facts->source, r->facts->source);
}

/* An agreement's production is known by the name of the agreement. */
static void tell_agreements(struct remarks *r)
{
        const struct policy *old = r->facts->in_force, *new = r->facts->renewed;

        for (size_t s = 0; s < new->n_sites; s++) {
                const struct policy_site *site = &new->sites[s], *before = policy_site(old, site->name);

                for (uint32_t i = 0; before != NULL && i < site->terms.n_ppas; i++) {
                        const char *name = site->terms.ppas[i].name;
                        bool known = false;

                        for (uint32_t k = 0; k < before->terms.n_ppas; k++)
                                known = known || strcmp(before->terms.ppas[k].name, name) == 0;
                        if (!known)
                                say(r,
                                    "agreement %s of site %s is new in %s: what a series says of it is not known of "
                                    "the past. Give it the name of an old one to replay it with its production",
                                    name, site->name, r->facts->source);
                }
        }
}

/* ---- classes */

static const struct policy_class *class_or_default(const struct policy *policy, const char *name)
{
        const struct policy_class *class = policy_class(policy, name);

        return class != NULL ? class : policy_class(policy, NULL);
}

static void tell_class(struct remarks *r, const char *name, size_t n)
{
        const struct policy_class *old = class_or_default(r->facts->in_force, name);
        const struct policy_class *new = policy_class(r->facts->renewed, name);

        if (new == NULL)
                say(r,
                    "class %s is not in %s: its jobs, %zu here, go by class default there. Keep the class in the file "
                    "if they are not to",
                    name, r->facts->source, n);
        new = class_or_default(r->facts->renewed, name);
        if (old == NULL || new == NULL)
                return;
        if (old->start_cost_s != new->start_cost_s)
                say(r,
                    "class %s has another start_cost in %s: all replays take the old one, by which the past's work was "
                    "counted",
                    name, r->facts->source);
        if (old->delay_cost != new->delay_cost)
                say(r,
                    "class %s has another delay_cost in %s: waiting, and what is saved net of it, count what each "
                    "row's "
                    "own policy says",
                    name, r->facts->source);
}

static bool same_class(const struct past_job *a, const struct past_job *b)
{
        return a->class_name != NULL && b->class_name != NULL && strcmp(a->class_name, b->class_name) == 0;
}

static void tell_classes(struct remarks *r)
{
        const struct past *past = r->facts->past;

        for (size_t i = 0; i < past->n_jobs; i++) {
                const struct past_job *job = &past->jobs[i];
                size_t n = 0;
                bool told = job->out != PAST_KEPT || job->class_name == NULL;

                for (size_t k = 0; !told && k < i; k++)
                        told = past->jobs[k].out == PAST_KEPT && same_class(&past->jobs[k], job);
                for (size_t k = i; !told && k < past->n_jobs; k++)
                        n += past->jobs[k].out == PAST_KEPT && same_class(&past->jobs[k], job);
                if (!told)
                        tell_class(r, job->class_name, n);
        }
}

/* ---- what is not counted */

static void tell_uncounted(struct remarks *r)
{
        const struct policy *policies[] = { r->facts->in_force, r->facts->renewed };
        bool demand = false;

        for (int p = 0; p < 2; p++)
                for (size_t s = 0; s < policies[p]->n_sites; s++)
                        demand = demand || policies[p]->sites[s].terms.n_demands > 0;
        if (demand)
                say(r, "demand charges are in no row");
}

json_t *policy_try_remarks(const struct try_facts *facts)
{
        struct remarks r = { .facts = facts, .list = json_array() };

        tell_sites(&r);
        tell_agreements(&r);
        tell_classes(&r);
        tell_uncounted(&r);
        if (!r.failed)
                return r.list;
        json_decref(r.list);
        return NULL;
}
