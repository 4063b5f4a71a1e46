/* SPDX-License-Identifier: Apache-2.0 */
/* answer_nodes.c - the nodes, what they have, and who has it. */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "core/state.h"
#include "io/answer_parts.h"

/* The job that holds a device of a node; 0: nobody. */
static uint64_t holder(const struct state *state, const struct node *node, uint32_t device)
{
        for (size_t i = 0; i < state->n_jobs; i++) {
                const struct job *job = &state->jobs[i];

                for (uint32_t l = 0; job->state == OFFPEAK_JOB_ACTIVE && l < job->attempt.n_legs; l++) {
                        const struct leg *leg = &job->attempt.legs[l];

                        if (leg->node == node->id && leg->state != LEG_ENDED && (leg->devices >> device & 1) != 0)
                                return job->id;
                }
        }
        return 0;
}

/* null: nothing is wrong with it. */
static json_t *unwell(struct answer *answer, const struct node *node, uint32_t device)
{
        for (uint32_t i = 0; i < node->n_health; i++) {
                const struct device_health *health = &node->health[i];
                json_t *object;

                if (health->device != device || (node->withheld >> device & 1) == 0)
                        continue;
                object = json_object();
                answer_put(answer, object, "reason", answer_text(health->reason));
                answer_put(answer, object, "now", json_boolean(health->unwell));
                answer_put(answer, object, "since_utc", answer_utc(health->since));
                answer_put(answer, object, "failed_attempts", json_integer(health->faults));
                answer_put(answer, object, "until_resumed", json_boolean(health->kept_off));
                return object;
        }
        return json_null();
}

static json_t *devices(struct answer *answer, const struct node *node)
{
        json_t *list = json_array();

        for (uint32_t i = 0; i < node->inventory.n_devices; i++) {
                const struct device *device = &node->inventory.devices[i];
                uint64_t job = holder(answer->state, node, i);
                json_t *item = json_object();

                answer_put(answer, item, "index", json_integer(i));
                answer_put(answer, item, "kind", json_string(device->kind == DEVICE_GPU ? "gpu" : "cpu_slot"));
                answer_put(answer, item, "address", answer_text(device->address));
                answer_put(answer, item, "numa", json_integer(device->numa));
                answer_put(answer, item, "max_w", answer_known(device->max_w > 0, device->max_w));
                answer_put(answer, item, "least_w", answer_known(device->least_w > 0, device->least_w));
                answer_put(answer, item, "job", answer_known(job != 0, (int64_t)job));
                answer_put(answer, item, "unwell", unwell(answer, node, i));
                answer_add(answer, list, item);
        }
        return list;
}

static json_t *position(struct answer *answer, const struct inventory *inventory)
{
        json_t *object = json_object();

        answer_put(answer, object, "block", answer_text(inventory->block));
        answer_put(answer, object, "rack", answer_text(inventory->rack));
        answer_put(answer, object, "switch", answer_text(inventory->leaf_switch));
        return object;
}

static json_t *features(struct answer *answer, const struct inventory *inventory)
{
        json_t *list = json_array();

        for (size_t i = 0; i < inventory->n_features; i++)
                answer_add(answer, list, json_string(inventory->features[i]));
        return list;
}

/* GB/s from each device to each; null on the diagonal. */
static json_t *links(struct answer *answer, const struct inventory *inventory)
{
        uint32_t n = inventory->n_devices;
        json_t *rows = json_array();

        if (inventory->n_links == 0) {
                json_decref(rows);
                return json_null();
        }
        for (uint32_t a = 0; a < n; a++) {
                json_t *row = json_array();

                for (uint32_t b = 0; b < n; b++)
                        answer_add(
                                answer, row,
                                a == b ? json_null()
                                       : json_integer(
                                                 inventory->links[place_pair(n, a < b ? a : b, a < b ? b : a)].gb_per_s));
                answer_add(answer, rows, row);
        }
        return rows;
}

static json_t *node_object(struct answer *answer, const struct node *node)
{
        const struct inventory *inventory = &node->inventory;
        const struct session *session = &node->session;
        bool heard = session->state != SESSION_NONE && session->last_renew_ms > 0;
        int64_t age_ms = answer->now.mono_ms - session->last_renew_ms;
        json_t *object = json_object();

        answer_put(answer, object, "name", answer_text(node->name));
        answer_put(answer, object, "site", answer_text(node->site));
        answer_put(answer, object, "site_known", json_boolean(node->site_id != NONE_U32));
        answer_put(answer, object, "status", json_string(answer_session(node)));
        answer_put(answer, object, "drain_reason", answer_text(node->drain_reason));
        answer_put(answer, object, "heard_s_ago", answer_known(heard, age_ms > 0 ? age_ms / 1000 : 0));
        answer_put(answer, object, "model", answer_text(inventory->model));
        answer_put(answer, object, "cores", answer_known(inventory->cores > 0, inventory->cores));
        answer_put(answer, object, "memory_mb", answer_known(inventory->memory_mb > 0, inventory->memory_mb));
        answer_put(answer, object, "idle_w", answer_known(inventory->idle_w > 0, inventory->idle_w));
        answer_put(answer, object, "power_quality", answer_text(inventory->power_quality != 0
                                                                        ? quality_name(inventory->power_quality)
                                                                        : NULL));
        answer_put(answer, object, "gpus", json_integer(inventory->n_devices));
        answer_put(answer, object, "gpus_free",
                   json_integer(__builtin_popcountll(state_free_devices(answer->state, node))));
        answer_put(answer, object, "gpus_withheld", json_integer(__builtin_popcountll(node->withheld)));
        answer_put(answer, object, "position", position(answer, inventory));
        answer_put(answer, object, "features", features(answer, inventory));
        answer_put(answer, object, "links_gb_per_s", links(answer, inventory));
        answer_put(answer, object, "links_gbps", links(answer, inventory)); /* as it was called first */
        answer_put(answer, object, "devices", devices(answer, node));
        return object;
}

/* As people count: n2 before n10. */
static int by_name(const void *a, const void *b)
{
        const struct node *const *x = a, *const *y = b;

        return strverscmp((*x)->name, (*y)->name);
}

int answer_nodes(struct answer *answer, struct offpeak_error *err)
{
        static const char *const names[] = { NULL };
        const uint32_t n = answer->state->n_nodes;
        const struct node **sorted;
        json_t *list;
        int r = answer_expect(answer, names, err);

        if (r != 0)
                return r;
        sorted = malloc((n + 1) * sizeof(*sorted));
        if (sorted == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        for (uint32_t i = 0; i < n; i++)
                sorted[i] = &answer->state->nodes[i];
        qsort(sorted, n, sizeof(*sorted), by_name);
        list = json_array();
        for (uint32_t i = 0; i < n; i++)
                answer_add(answer, list, node_object(answer, sorted[i]));
        free(sorted);
        answer_put(answer, answer->root, "nodes", list);
        return 0;
}
