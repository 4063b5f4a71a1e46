/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   encode:  record -> parts -> bytes   (the parts are also taken back once: what cannot be read again is refused now,
 *                                        and not at the next start)
 *   decode:  bytes -> parts -> record   (protobuf-c checks the form, parts_whole that all is there and known,
 *                                        record_from_parts the values)
 */
#include "io/record_codec.h"

#include <stdlib.h>

#include "base/fail.h"
#include "io/record_parts.h"

enum { RECORD_MAX_BYTES = 64 * 1024 * 1024 };

static bool parts_whole(const ProtobufCMessage *part);

/* The messages of one field: are they there, and whole? */
static bool field_whole(const ProtobufCMessage *part, const ProtobufCFieldDescriptor *field)
{
        const char *base = (const char *)part;
        const void *member = base + field->offset;
        const void *quantifier = base + field->quantifier_offset;

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
                ProtobufCMessage *const *all = *(ProtobufCMessage *const *const *)member;

                for (size_t i = 0; i < *(const size_t *)quantifier; i++)
                        if (!parts_whole(all[i]))
                                return false;
                return true;
        }
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && *(const uint32_t *)quantifier != field->id)
                return true;
        return *(ProtobufCMessage *const *)member != NULL && parts_whole(*(ProtobufCMessage *const *)member);
}

/* Every single message is there (we always write them), and no field is unknown (a newer fact is not dropped). */
static bool parts_whole(const ProtobufCMessage *part)
{
        if (part->n_unknown_fields > 0)
                return false;
        for (unsigned i = 0; i < part->descriptor->n_fields; i++)
                if (part->descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE &&
                    !field_whole(part, &part->descriptor->fields[i]))
                        return false;
        return true;
}

static int check_readable(const Log__Record *parts, struct offpeak_error *err)
{
        struct record copy;
        int rc = record_from_parts(parts, &copy, err);

        if (rc == 0)
                record_finish(&copy);
        return rc;
}

static int pack(const Log__Record *parts, uint8_t **ret_bytes, size_t *ret_size, struct offpeak_error *err)
{
        size_t size = log__record__get_packed_size(parts);
        uint8_t *bytes;

        if (size > RECORD_MAX_BYTES)
                return fail(err, OFFPEAK_EINVAL, "a record of %zu bytes is longer than the log takes (%d)", size,
                            RECORD_MAX_BYTES);
        bytes = malloc(size);
        if (bytes == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory for a record of %zu bytes", size);
        *ret_size = log__record__pack(parts, bytes);
        *ret_bytes = bytes;
        return 0;
}

int record_encode(const struct record *record, uint8_t **ret_bytes, size_t *ret_size, struct offpeak_error *err)
{
        struct arena arena = { 0 };
        Log__Record *parts = record_to_parts(record, &arena);
        int rc;

        if (arena.failed)
                rc = fail(err, OFFPEAK_ENOMEM, "out of memory while writing a record of the log");
        else if (parts == NULL)
                rc = fail(err, OFFPEAK_EINVAL, "a record of type %d is not for the log", (int)record->type);
        else if ((rc = check_readable(parts, err)) == 0)
                rc = pack(parts, ret_bytes, ret_size, err);
        arena_finish(&arena);
        return rc;
}

int record_decode(const uint8_t *bytes, size_t size, struct record *ret_record, struct offpeak_error *err)
{
        Log__Record *parts;
        int rc;

        if (size > RECORD_MAX_BYTES)
                return fail(err, OFFPEAK_EINVAL, "%zu bytes are no record of the log: too long", size);
        parts = log__record__unpack(NULL, size, bytes);
        if (parts == NULL)
                return fail(err, OFFPEAK_EINVAL, "%zu bytes are no record of the log", size);
        if (parts->body_case == 0 || !parts_whole(&parts->base))
                rc = fail(err, OFFPEAK_EINVAL, "record %llu of the log is not one of this version's",
                          (unsigned long long)parts->index);
        else
                rc = record_from_parts(parts, ret_record, err);
        log__record__free_unpacked(parts, NULL);
        return rc;
}
