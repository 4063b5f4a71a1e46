/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_parts.h - private to the record codec: a record as the tree of generated structs that protobuf-c packs.
 *
 * Outwards the tree borrows the record's strings and takes its memory from an arena; inwards the record copies.
 */
#ifndef OFFPEAK_IO_RECORD_PARTS_H
#define OFFPEAK_IO_RECORD_PARTS_H

#include "core/record.h"
#include "record.pb-c.h"

/* Memory that is given back as a whole. A failed allocation is remembered, so that callers may ask once at the end. */
struct arena {
        struct arena_block *blocks;
        bool failed;
};

/* Zeroed memory, or NULL. */
void *arena_take(struct arena *arena, size_t n, size_t size);
void arena_finish(struct arena *arena);

/* NULL: arena->failed, or a record that is not durable. */
Log__Record *record_to_parts(const struct record *record, struct arena *arena);

/* 0, ENOMEM, or EINVAL with the field that is out of bounds. ret_record is written on success only. */
int record_from_parts(const Log__Record *parts, struct record *ret_record, struct offpeak_error *err);

/*
 * A class's deadline margin is on record as what the default is more, so that records that lack it have the default; and the other way
 * round. Any value: what is out of range comes round.
 */
static inline int64_t record_margin(int64_t ppm)
{
        return (int64_t)((uint64_t)POLICY_DEADLINE_MARGIN_PPM - (uint64_t)ppm);
}

#endif
