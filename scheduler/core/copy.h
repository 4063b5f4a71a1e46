/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.h - deep copies and endings of the structs that state and records share.
 *
 * A copy's target must be uninitialised or finished; on ENOMEM it is left empty. finish leaves it empty.
 */
#ifndef OFFPEAK_CORE_COPY_H
#define OFFPEAK_CORE_COPY_H

#include "core/record.h"

int copy_text(const char *text, char **ret_text); /* NULL stays NULL */
int copy_bytes(const void *items, size_t n, size_t item_size, void **ret_items); /* for arrays without pointers; keeps room_for_one usable */

int inventory_copy(const struct inventory *inventory, struct inventory *ret_inventory);
void inventory_finish(struct inventory *inventory);
int node_copy(const struct node *node, struct node *ret_node);
void node_finish(struct node *node);
int site_copy(const struct site *site, struct site *ret_site);
void site_finish(struct site *site);
int request_copy(const struct request *request, struct request *ret_request);
void request_finish(struct request *request);
int month_uses_copy(const struct month_use *uses, uint32_t n, struct month_use **ret_uses);
void month_uses_finish(struct month_use *uses, uint32_t n); /* frees the array, too */
int profile_copy(const struct job_profile *profile, struct job_profile *ret_profile);
void profile_finish(struct job_profile *profile);
int failure_copy(const struct failure *failure, struct failure *ret_failure);
void failure_finish(struct failure *failure);
int job_copy(const struct job *job, struct job *ret_job);
void job_finish(struct job *job);

#endif
