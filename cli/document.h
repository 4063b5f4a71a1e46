/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.h - values out of the scheduler's JSON answers (docs/json.md). What is null or absent is unknown, and says
 * so.
 */
#ifndef OFFPEAK_CLI_DOCUMENT_H
#define OFFPEAK_CLI_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <offpeak/error.h>

/* Parse an answer and see that it is the schema this program knows ("offpeak.jobs/1"). EPROTOCOL names both. */
int document_parse(const char *text, const char *schema, json_t **ret_document, struct offpeak_error *err);

/* True and the value if it is known. */
bool document_int(const json_t *object, const char *key, int64_t *ret_value);
bool document_real(const json_t *object, const char *key, double *ret_value);

/* The value, or what stands for unknown. */
int64_t document_int_or(const json_t *object, const char *key, int64_t fallback);
const char *document_text(const json_t *object, const char *key);  /* NULL if unknown */
bool document_true(const json_t *object, const char *key);
int64_t document_time(const json_t *object, const char *key);      /* of an ISO string; 0 if unknown */

/* Quantities for people, "-" where unknown. buffer: TEXT_SIZE of base/text.h. */
const char *document_money(const json_t *object, const char *key, const char *currency, char *buffer);
const char *document_energy(const json_t *object, const char *key, char *buffer);
const char *document_mass(const json_t *object, const char *key, char *buffer);

#endif
