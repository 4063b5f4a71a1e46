/* SPDX-License-Identifier: Apache-2.0 */
/* record_codec.h - a durable record as bytes (protobuf, scheduler/io/record.proto) and back; what the log stores. */
#ifndef OFFPEAK_IO_RECORD_CODEC_H
#define OFFPEAK_IO_RECORD_CODEC_H

#include <offpeak/error.h>

#include "core/record.h"

/* Bytes are malloc'ed. ENOMEM. */
int record_encode(const struct record *record, uint8_t **ret_bytes, size_t *ret_size, struct offpeak_error *err);

/* ret_record owns what it points to. EINVAL for bytes that are not a record of this version; ENOMEM. */
int record_decode(const uint8_t *bytes, size_t size, struct record *ret_record, struct offpeak_error *err);

#endif
