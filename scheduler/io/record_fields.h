/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_fields.h - what the files of the record codec share; not for others. Outwards (record to parts) and inwards of one matter
 * stand in one file, so that a new field is taught in one place.
 *
 * Outwards a part is NULL only when the arena failed, and the caller looks at arena->failed once. Inwards what is wrong is remembered in the
 * taker, the rest is taken all the same, and record_from_parts looks at it once.
 */
#ifndef OFFPEAK_IO_RECORD_FIELDS_H
#define OFFPEAK_IO_RECORD_FIELDS_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "io/record_parts.h"

struct taker {
        bool no_memory;
        const char *wrong; /* a field that is out of bounds */
};

/* ---- record_fields.c */

/* n parts of one kind, initialised: an array of pointers to them, as protobuf-c has repeated fields; and one part. */
void *record_parts_new(struct arena *arena, const ProtobufCMessageDescriptor *kind, size_t n);
void *record_part_new(struct arena *arena, const ProtobufCMessageDescriptor *kind);
/* NULL as an empty text. Borrowed: protobuf-c does not write to what it packs. */
char *record_text(const char *text);
void record_fill_request(Log__Request *to, const struct request *from);
Log__Request *record_request_part(struct arena *arena, const struct request *from);
/* Zeroed; n 0: NULL. Copies; optional: an empty text is NULL; bounded, chars: EINVAL for what does not fit with its NUL. */
void *record_take_memory(struct taker *taker, size_t n, size_t size);
char *record_take_text(struct taker *taker, const char *text);
char *record_take_optional(struct taker *taker, const char *text);
char *record_take_bounded(struct taker *taker, const char *text, size_t size, const char *field);
char **record_take_words(struct taker *taker, char *const *words, size_t n, size_t *ret_n);
uint64_t *record_take_ids(struct taker *taker, const uint64_t *ids, size_t n, size_t *ret_n);
void record_take_chars(struct taker *taker, const char *text, char *to, size_t size, const char *field);
/* EINVAL outside low to high. */
uint32_t record_take_enum(struct taker *taker, uint32_t value, uint32_t low, uint32_t high, const char *field);
void record_take_request(struct taker *taker, const Log__Request *from, struct request *to);

/* ---- record_spec.c */

Log__JobSpec *record_spec_part(struct arena *arena, const struct offpeak_job_spec *from);
void record_take_spec(struct taker *taker, const Log__JobSpec *from, struct offpeak_job_spec *to);

/* ---- record_policy.c */

Log__Policy *record_policy_part(struct arena *arena, const struct policy *from);
void record_take_policy(struct taker *taker, const Log__Policy *from, struct policy *to);

/* ---- record_plan.c */

void record_fill_series(struct arena *arena, Log__Series *to, const struct series *from);
Log__AdoptedPlan *record_adopted_part(struct arena *arena, const struct adopted_plan *from);
Log__Interval **record_interval_parts(struct arena *arena, const struct plan_interval *from, size_t n);
Log__Flow **record_flow_parts(struct arena *arena, const struct plan_flow *from, size_t n);
Log__PlannedJob **record_planned_parts(struct arena *arena, const struct record_planned_job *from, size_t n);
Log__Booking *record_booking_part(struct arena *arena, const struct booking *from);
void record_fill_book(Log__Book *to, const struct book *from);
Log__Stock **record_stock_parts(struct arena *arena, const struct stock *from, size_t n);
void record_take_series(struct taker *taker, const Log__Series *from, struct series *to);
struct adopted_plan record_take_adopted(const Log__AdoptedPlan *from);
struct plan_interval *record_take_intervals(struct taker *taker, Log__Interval *const *from, size_t n, uint32_t *ret_n);
struct plan_flow *record_take_flows(struct taker *taker, Log__Flow *const *from, size_t n, uint32_t *ret_n);
void record_take_planned(struct taker *taker, const Log__PlannedJob *from, struct record_planned_job *to);
void record_take_booking(struct taker *taker, const Log__Booking *from, struct booking *to);
bool record_take_stock(struct taker *taker, Log__Stock *const *parts, size_t n, struct stock *to);
void record_take_book(struct taker *taker, const Log__Book *from, struct book *to);

/* ---- record_attempt.c */

Log__Inventory *record_inventory_part(struct arena *arena, const struct inventory *from);
Log__Leg **record_leg_parts(struct arena *arena, const struct leg *from, size_t n);
Log__LegRef *record_leg_ref_part(struct arena *arena, const struct record_leg_ref *from);
Log__Pause **record_pause_parts(struct arena *arena, const struct pause *from, size_t *ret_n);
Log__Failure **record_failure_parts(struct arena *arena, const struct failure *from, size_t *ret_n);
Log__Attempt *record_attempt_part(struct arena *arena, const struct attempt *from);
void record_take_inventory(struct taker *taker, const Log__Inventory *from, struct inventory *to);
struct leg *record_take_legs(struct taker *taker, Log__Leg *const *from, size_t n, uint32_t *ret_n);
struct record_leg_ref record_take_leg_ref(const Log__LegRef *from);
void record_take_pause(struct taker *taker, Log__Pause *const *from, size_t n, struct pause *to);
void record_take_failure(struct taker *taker, Log__Failure *const *from, size_t n, struct failure *to);
void record_take_attempt(struct taker *taker, const Log__Attempt *from, struct attempt *to);

/* ---- record_profile.c */

void record_fill_profile(struct arena *arena, Log__Profile *to, const struct job_profile *from);
void record_take_profile(struct taker *taker, const Log__Profile *from, struct job_profile *to);

/* ---- record_image.c */

void record_fill_meta(struct arena *arena, Log__Meta *to, const struct record *record);
void record_fill_site(struct arena *arena, Log__Site *to, const struct site *from);
void record_fill_node(struct arena *arena, Log__Node *to, const struct node *from);
void record_fill_job(struct arena *arena, Log__Job *to, const struct job *from);
void record_take_meta(struct taker *taker, const Log__Meta *from, struct record *to);
void record_take_site(struct taker *taker, const Log__Site *from, struct site *to);
void record_take_node(struct taker *taker, const Log__Node *from, struct node *to);
void record_take_job(struct taker *taker, const Log__Job *from, struct job *to);

#endif
