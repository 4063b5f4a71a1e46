/* SPDX-License-Identifier: Apache-2.0 */
#include "core/copy.h"

#include <stdlib.h>
#include <string.h>

#include "core/room.h"

int copy_text(const char *text, char **ret_text)
{
        *ret_text = text != NULL ? strdup(text) : NULL;
        return text != NULL && *ret_text == NULL ? OFFPEAK_ENOMEM : 0;
}

int copy_bytes(const void *items, size_t n, size_t item_size, void **ret_items)
{
        size_t room = 1;

        *ret_items = NULL;
        if (n == 0)
                return 0;
        while (room < n)
                room *= 2;
        *ret_items = malloc(room * item_size);
        if (*ret_items == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(*ret_items, items, n * item_size);
        return 0;
}

static int copy_words(char *const *words, size_t n, char ***ret_words)
{
        int code = 0;

        *ret_words = n > 0 ? calloc(n + 1, sizeof(char *)) : NULL;
        if (n > 0 && *ret_words == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; code == 0 && i < n; i++)
                code = copy_text(words[i], &(*ret_words)[i]);
        return code;
}

int inventory_copy(const struct inventory *inventory, struct inventory *ret_inventory)
{
        struct inventory copy = *inventory;

        copy.model = copy.address = copy.block = copy.rack = copy.leaf_switch = NULL;
        copy.devices = NULL;
        copy.links = NULL;
        copy.features = NULL;
        if (copy_text(inventory->model, &copy.model) != 0 || copy_text(inventory->address, &copy.address) != 0 ||
            copy_bytes(inventory->devices, inventory->n_devices, sizeof(*inventory->devices), (void **)&copy.devices) !=
                    0 ||
            copy_bytes(inventory->links, inventory->n_links, sizeof(*inventory->links), (void **)&copy.links) != 0 ||
            copy_text(inventory->block, &copy.block) != 0 || copy_text(inventory->rack, &copy.rack) != 0 ||
            copy_text(inventory->leaf_switch, &copy.leaf_switch) != 0 ||
            copy_words(inventory->features, inventory->n_features, &copy.features) != 0) {
                inventory_finish(&copy);
                return OFFPEAK_ENOMEM;
        }
        *ret_inventory = copy;
        return 0;
}

void inventory_finish(struct inventory *inventory)
{
        free(inventory->model);
        free(inventory->address);
        free(inventory->devices);
        free(inventory->links);
        free(inventory->block);
        free(inventory->rack);
        free(inventory->leaf_switch);
        for (size_t i = 0; inventory->features != NULL && i < inventory->n_features; i++)
                free(inventory->features[i]);
        free(inventory->features);
        memset(inventory, 0, sizeof(*inventory));
}

static int health_copy(const struct node *node, struct node *copy)
{
        if (copy_bytes(node->health, node->n_health, sizeof(*node->health), (void **)&copy->health) != 0)
                return OFFPEAK_ENOMEM;
        copy->n_health = node->n_health;
        for (uint32_t i = 0; i < copy->n_health; i++)
                copy->health[i].reason = NULL;
        for (uint32_t i = 0; i < copy->n_health; i++)
                if (copy_text(node->health[i].reason, &copy->health[i].reason) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

int node_copy(const struct node *node, struct node *ret_node)
{
        struct node copy = *node;

        copy.name = copy.site = copy.drain_reason = NULL;
        copy.health = NULL;
        copy.n_health = 0;
        memset(&copy.inventory, 0, sizeof(copy.inventory));
        if (copy_text(node->name, &copy.name) != 0 || copy_text(node->site, &copy.site) != 0 ||
            copy_text(node->drain_reason, &copy.drain_reason) != 0 || health_copy(node, &copy) != 0 ||
            inventory_copy(&node->inventory, &copy.inventory) != 0) {
                node_finish(&copy);
                return OFFPEAK_ENOMEM;
        }
        *ret_node = copy;
        return 0;
}

void node_finish(struct node *node)
{
        free(node->name);
        free(node->site);
        free(node->drain_reason);
        for (uint32_t i = 0; node->health != NULL && i < node->n_health; i++)
                free(node->health[i].reason);
        free(node->health);
        inventory_finish(&node->inventory);
        memset(node, 0, sizeof(*node));
}

static int push_sources_copy(const struct site *site, struct site *copy)
{
        for (uint32_t i = 0; i < site->n_push_sources; i++) {
                struct push_source *source =
                        room_for_one((void **)&copy->push_sources, copy->n_push_sources, sizeof(*source));

                if (source == NULL)
                        return OFFPEAK_ENOMEM;
                *source = site->push_sources[i];
                source->name = NULL;
                copy->n_push_sources++;
                if (copy_text(site->push_sources[i].name, &source->name) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

int site_copy(const struct site *site, struct site *ret_site)
{
        struct site copy = *site;

        copy.name = NULL;
        copy.meter = (struct site_meter){ 0 };
        copy.forecasts = NULL;
        copy.push_sources = NULL;
        copy.n_push_sources = 0;
        for (int kind = 0; kind < SERIES_COUNT; kind++) {
                series_init(&copy.series[kind], (enum series_kind)kind);
                series_init(&copy.feed[kind], (enum series_kind)kind);
                series_init(&copy.pushed[kind], (enum series_kind)kind);
        }
        if (copy_text(site->name, &copy.name) != 0 || push_sources_copy(site, &copy) != 0)
                goto nomem;
        for (int kind = 1; kind < SERIES_COUNT; kind++)
                if (series_copy(&site->series[kind], &copy.series[kind]) != 0 ||
                    series_copy(&site->feed[kind], &copy.feed[kind]) != 0 ||
                    series_copy(&site->pushed[kind], &copy.pushed[kind]) != 0)
                        goto nomem;
        if (site_meter_copy(&site->meter, &copy.meter) != 0)
                goto nomem;
        *ret_site = copy;
        return 0;
nomem:
        site_finish(&copy);
        return OFFPEAK_ENOMEM;
}

void site_finish(struct site *site)
{
        free(site->name);
        for (int kind = 0; kind < SERIES_COUNT; kind++) {
                series_finish(&site->series[kind]);
                series_finish(&site->feed[kind]);
                series_finish(&site->pushed[kind]);
        }
        for (int kind = 0; site->forecasts != NULL && kind < SERIES_COUNT; kind++)
                forecast_use_finish(&site->forecasts[kind].made);
        free(site->forecasts);
        for (uint32_t i = 0; i < site->n_push_sources; i++)
                free(site->push_sources[i].name);
        free(site->push_sources);
        site_meter_finish(&site->meter);
        memset(site, 0, sizeof(*site));
}

int request_copy(const struct request *request, struct request *ret_request)
{
        *ret_request = *request;
        return copy_text(request->text, &ret_request->text);
}

void request_finish(struct request *request)
{
        free(request->text);
        memset(request, 0, sizeof(*request));
}

int failure_copy(const struct failure *failure, struct failure *ret_failure)
{
        struct failure copy = *failure;

        copy.why = copy.tail = NULL;
        if (copy_text(failure->why, &copy.why) != 0 || copy_text(failure->tail, &copy.tail) != 0) {
                failure_finish(&copy);
                return OFFPEAK_ENOMEM;
        }
        *ret_failure = copy;
        return 0;
}

void failure_finish(struct failure *failure)
{
        free(failure->why);
        free(failure->tail);
        memset(failure, 0, sizeof(*failure));
}

int job_copy(const struct job *job, struct job *ret_job)
{
        struct job copy = *job;

        memset(&copy.spec, 0, sizeof(copy.spec));
        copy.user = NULL;
        copy.attempt.legs = NULL;
        copy.late_exits = NULL;
        copy.planned = NULL;
        copy.pins = NULL;
        copy.known = NULL;
        memset(&copy.failure, 0, sizeof(copy.failure));
        if (offpeak_job_spec_copy(&job->spec, &copy.spec) != 0 || copy_text(job->user, &copy.user) != 0 ||
            copy_bytes(job->attempt.legs, job->attempt.n_legs, sizeof(struct leg), (void **)&copy.attempt.legs) != 0 ||
            copy_bytes(job->late_exits, job->n_late_exits, sizeof(struct late_exit), (void **)&copy.late_exits) != 0 ||
            copy_bytes(job->planned, job->n_planned, sizeof(struct plan_interval), (void **)&copy.planned) != 0 ||
            copy_bytes(job->pins, job->n_pins, sizeof(struct plan_interval), (void **)&copy.pins) != 0 ||
            copy_bytes(job->known, job->n_known, sizeof(struct known_mode), (void **)&copy.known) != 0 ||
            failure_copy(&job->failure, &copy.failure) != 0) {
                job_finish(&copy);
                return OFFPEAK_ENOMEM;
        }
        *ret_job = copy;
        return 0;
}

void job_finish(struct job *job)
{
        offpeak_job_spec_finish(&job->spec);
        free(job->user);
        free(job->attempt.legs);
        free(job->late_exits);
        free(job->planned);
        free(job->pins);
        free(job->known);
        failure_finish(&job->failure);
        memset(job, 0, sizeof(*job));
}

int profile_copy(const struct job_profile *profile, struct job_profile *ret_profile)
{
        struct job_profile copy = *profile;

        copy.class = copy.name = NULL;
        copy.points = NULL;
        copy.widths = NULL;
        if (copy_text(profile->class, &copy.class) != 0 || copy_text(profile->name, &copy.name) != 0 ||
            copy_bytes(profile->points, profile->n_points, sizeof(*copy.points), (void **)&copy.points) != 0 ||
            copy_bytes(profile->widths, profile->n_widths, sizeof(*copy.widths), (void **)&copy.widths) != 0) {
                profile_finish(&copy);
                return OFFPEAK_ENOMEM;
        }
        *ret_profile = copy;
        return 0;
}

void profile_finish(struct job_profile *profile)
{
        free(profile->class);
        free(profile->name);
        free(profile->points);
        free(profile->widths);
        memset(profile, 0, sizeof(*profile));
}

void month_uses_finish(struct month_use *uses, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                free(uses[i].class);
        free(uses);
}

int month_uses_copy(const struct month_use *uses, uint32_t n, struct month_use **ret_uses)
{
        struct month_use *copy;

        *ret_uses = NULL;
        if (copy_bytes(uses, n, sizeof(*copy), (void **)&copy) != 0)
                return OFFPEAK_ENOMEM;
        for (uint32_t i = 0; i < n; i++)
                if (copy_text(uses[i].class, &copy[i].class) != 0) {
                        month_uses_finish(copy, i);
                        return OFFPEAK_ENOMEM;
                }
        *ret_uses = copy;
        return 0;
}
