/* SPDX-License-Identifier: Apache-2.0 */
#include "core/policy.h"

#include <stdlib.h>
#include <string.h>

#define MICRO INT64_C(1000000)

void policy_init(struct policy *policy)
{
        memset(policy, 0, sizeof(*policy));
        policy->plan_interval_s = 300;
        policy->plan_horizon_s = 7 * 86400;
        policy->plan_work = 4 * 1000 * 1000;
        policy->arm_timeout_ms = 30000;
        policy->backoff_ms = 2000;
}

void policy_class_defaults(struct policy_class *ret_class)
{
        *ret_class = (struct policy_class){ .interruptible = true,
                                            .max_delay_s = 86400,
                                            .max_pauses = 6,
                                            .min_run_s = 900,
                                            .start_cost_s = 240,
                                            .stop_grace_s = 120,
                                            .lateness_cost = 1000 * MICRO,
                                            .on_lost = ON_LOST_WAIT,
                                            .lease_ms = 60000,
                                            .retries = 3,
                                            .limit_ppm = 2 * MICRO,
                                            .deadline_margin_ppm = POLICY_DEADLINE_MARGIN_PPM };
}

static void class_finish(struct policy_class *class)
{
        for (size_t i = 0; i < class->n_sites; i++)
                free(class->sites[i]);
        free(class->sites);
        free(class->name);
        memset(class, 0, sizeof(*class));
}

static void site_finish(struct policy_site *site)
{
        free(site->name);
        free(site->currency);
        memset(site, 0, sizeof(*site));
}

void policy_finish(struct policy *policy)
{
        for (size_t i = 0; i < policy->n_sites; i++)
                site_finish(&policy->sites[i]);
        for (size_t i = 0; i < policy->n_classes; i++)
                class_finish(&policy->classes[i]);
        free(policy->sites);
        free(policy->classes);
        memset(policy, 0, sizeof(*policy));
}

static char *copy_or_null(const char *text)
{
        return text != NULL ? strdup(text) : NULL;
}

static bool site_copy(const struct policy_site *site, struct policy_site *ret_site)
{
        *ret_site = *site;
        ret_site->name = copy_or_null(site->name);
        ret_site->currency = copy_or_null(site->currency);
        return (ret_site->name != NULL || site->name == NULL) &&
               (ret_site->currency != NULL || site->currency == NULL);
}

static bool class_copy(const struct policy_class *class, struct policy_class *ret_class)
{
        *ret_class = *class;
        ret_class->n_sites = 0;
        ret_class->sites = class->n_sites > 0 ? calloc(class->n_sites, sizeof(char *)) : NULL;
        ret_class->name = copy_or_null(class->name);
        if ((ret_class->name == NULL && class->name != NULL) || (ret_class->sites == NULL && class->n_sites > 0))
                return false;
        for (size_t i = 0; i < class->n_sites; i++) {
                ret_class->sites[i] = strdup(class->sites[i]);
                if (ret_class->sites[i] == NULL)
                        return false;
                ret_class->n_sites++;
        }
        return true;
}

int policy_copy(const struct policy *policy, struct policy *ret_policy)
{
        struct policy copy = *policy;
        bool copied = true;

        copy.n_sites = copy.n_classes = 0;
        copy.sites = policy->n_sites > 0 ? calloc(policy->n_sites, sizeof(*copy.sites)) : NULL;
        copy.classes = policy->n_classes > 0 ? calloc(policy->n_classes, sizeof(*copy.classes)) : NULL;
        if ((copy.sites == NULL && policy->n_sites > 0) || (copy.classes == NULL && policy->n_classes > 0))
                copied = false;
        for (size_t i = 0; copied && i < policy->n_sites; i++)
                copied = site_copy(&policy->sites[i], &copy.sites[copy.n_sites++]);
        for (size_t i = 0; copied && i < policy->n_classes; i++)
                copied = class_copy(&policy->classes[i], &copy.classes[copy.n_classes++]);
        if (!copied) {
                policy_finish(&copy);
                return OFFPEAK_ENOMEM;
        }
        *ret_policy = copy;
        return 0;
}

static bool same_text(const char *a, const char *b)
{
        return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_site(const struct policy_site *a, const struct policy_site *b)
{
        for (int kind = 0; kind < SERIES_COUNT; kind++)
                if (!signal_rule_same(&a->signals[kind], &b->signals[kind]))
                        return false;
        return same_text(a->name, b->name) && same_text(a->currency, b->currency) && supply_terms_same(&a->terms, &b->terms) &&
               a->wan_mbit_per_s == b->wan_mbit_per_s && a->egress_cost == b->egress_cost;
}

static bool same_class(const struct policy_class *a, const struct policy_class *b)
{
        if (!same_text(a->name, b->name) || a->n_sites != b->n_sites)
                return false;
        for (size_t i = 0; i < a->n_sites; i++)
                if (!same_text(a->sites[i], b->sites[i]))
                        return false;
        return a->delay_cost == b->delay_cost && a->max_delay_s == b->max_delay_s &&
               a->carbon_price == b->carbon_price && a->interruptible == b->interruptible &&
               a->max_pauses == b->max_pauses && a->min_run_s == b->min_run_s && a->start_cost_s == b->start_cost_s &&
               a->stop_grace_s == b->stop_grace_s && a->lateness_cost == b->lateness_cost && a->on_lost == b->on_lost &&
               a->lease_ms == b->lease_ms && a->retries == b->retries && a->limit_ppm == b->limit_ppm &&
               a->quota_gpus == b->quota_gpus && a->quota_gpu_hours == b->quota_gpu_hours &&
               a->risk_ppm == b->risk_ppm && a->deadline_margin_ppm == b->deadline_margin_ppm &&
               a->cap_floor_ppm == b->cap_floor_ppm &&
               a->may_move == b->may_move && a->move_mb == b->move_mb;
}

bool policy_same(const struct policy *a, const struct policy *b)
{
        if (a->n_sites != b->n_sites || a->n_classes != b->n_classes || a->plan_interval_s != b->plan_interval_s ||
            a->plan_horizon_s != b->plan_horizon_s || a->plan_work != b->plan_work ||
            a->arm_timeout_ms != b->arm_timeout_ms || a->drain_after != b->drain_after ||
            a->backoff_ms != b->backoff_ms)
                return false;
        for (size_t i = 0; i < a->n_sites; i++)
                if (!same_site(&a->sites[i], &b->sites[i]))
                        return false;
        for (size_t i = 0; i < a->n_classes; i++)
                if (!same_class(&a->classes[i], &b->classes[i]))
                        return false;
        return true;
}

const struct policy_class *policy_class(const struct policy *policy, const char *name)
{
        for (size_t i = 0; i < policy->n_classes; i++)
                if (same_text(policy->classes[i].name, name != NULL ? name : "default"))
                        return &policy->classes[i];
        return NULL;
}

const struct policy_site *policy_site(const struct policy *policy, const char *name)
{
        for (size_t i = 0; i < policy->n_sites; i++)
                if (same_text(policy->sites[i].name, name))
                        return &policy->sites[i];
        return NULL;
}
