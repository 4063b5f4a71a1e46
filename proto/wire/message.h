/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - what travels on the wire, as plain structs. The codec turns these into frames and back, and checks every
 * bound.
 *
 * Ownership: a decoded message owns what it points to (message_finish); an encoded one is only read.
 * Numbers that name enums of the scheduler (want, how, reason, quality) travel as numbers; their receivers check them.
 * Text is UTF-8 without NULs. An empty string travels as "not given" and arrives as NULL, but for the words of a list;
 * in sentences for people (a reply's text, refused, why, tail, an unwell device's reason) what is not UTF-8 arrives as
 * '?'.
 */
#ifndef OFFPEAK_PROTO_MESSAGE_H
#define OFFPEAK_PROTO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>
#include <offpeak/job.h>
#include <offpeak/push.h>

enum {
        PROTOCOL_VERSION = 1,
        MESSAGE_MAX_LEGS = 1024,     /* of one renewal */
        MESSAGE_MAX_READINGS = 1024, /* of one renewal: a longer spool goes in several */
        MESSAGE_MAX_TEXT = 64 * 1024,
        MESSAGE_MAX_TAIL = 2000,       /* bytes of a leg's last lines */
        MESSAGE_MAX_TAILS = 64 * 1024, /* of all of one renewal: it must fit its frame */
};

enum message_type {
        MESSAGE_REQUEST = 1,
        MESSAGE_REPLY = 2,
        MESSAGE_HELLO = 3,
        MESSAGE_WELCOME = 4,
        MESSAGE_RENEW = 5,
        MESSAGE_GRANT = 6,
        MESSAGE_STALE = 7,
        MESSAGE_ORDER = 8,
};

enum request_verb {
        VERB_SUBMIT = 1,
        VERB_CANCEL = 2,
        VERB_HOLD = 3,
        VERB_RELEASE = 4,
        VERB_FENCE = 5,
        VERB_QUERY = 6,
        VERB_RELOAD = 7,
        VERB_PUSH = 8,
        VERB_PIN = 9,
        VERB_UNPIN = 10,
        VERB_DRAIN = 11,
        VERB_RESUME = 12,
};

struct message_request {
        uint8_t request_id[16];
        uint32_t verb;
        struct offpeak_job_spec spec;
        uint64_t job;
        char *target;
        char *arguments;
        int64_t start;            /* PIN; 0: the planned hours */
        struct offpeak_push push; /* its strings and points are the message's, decoded */
};

struct message_reply {
        uint8_t request_id[16];
        int32_t code;
        char *text;
        uint64_t job;
        char *document;
};

struct message_device {
        uint32_t kind, numa, max_w, least_w;
        char address[20];
};

/* Between two devices (place/pick.h). */
struct message_link {
        uint16_t gb_per_s, near;
};

struct message_hello {
        char *node, *site;
        char boot[40];
        uint8_t nonce[16];
        char *model;
        char *address; /* where other nodes reach it; NULL: by its name */
        uint32_t cores;
        int64_t memory_mb, idle_w;
        uint32_t power_quality;
        struct message_device *devices;
        uint32_t n_devices;
        struct message_link *links; /* n_links: of each two devices a < b, by a, then b; or none */
        uint32_t n_links;
        char *block, *rack, *leaf_switch;
        char **features;
        size_t n_features;
};

struct message_clock {
        int64_t wall_ms;
        double rate;
};

struct message_welcome {
        uint8_t nonce[16];
        uint64_t term, session;
        struct message_clock clock;
        int64_t lease_ms, renew_ms;
};

struct message_leg {
        uint64_t job;
        uint32_t attempt;
        uint64_t epoch;
        uint32_t state, how;
        int32_t status;
        bool killed;
        double done, total;
        char refused[128];
        char why[128]; /* EXITED: what went wrong; "" */
        char *tail;    /* EXITED without success: the last lines of its error output; NULL: not known */
        uint32_t cap_ppm;
        uint32_t rank; /* whose status it is */
};

struct message_reading {
        uint64_t seq, job;
        uint32_t attempt;
        int64_t start, end, joules;
        uint32_t quality;
};

/* A device that no job should be given. */
struct message_unwell {
        uint32_t device;
        char reason[160]; /* a sentence for a person */
};

struct message_renew {
        char *node;
        uint64_t term, session, seq;
        bool sure;
        struct message_leg *legs;
        uint32_t n_legs;
        struct message_reading *readings;
        uint32_t n_readings;
        struct message_unwell *unwell; /* n_unwell: all of them, by ascending device */
        uint32_t n_unwell;
};

struct message_grant {
        uint64_t term, session, seq, readings_acked;
        struct message_clock clock;
};

struct message_stale {
        uint64_t term, session;
};

struct message_launch {
        struct offpeak_job_spec spec;
        uint32_t rank;
        char **nodes;
        uint32_t n_nodes;
        uint64_t devices;
        int64_t lease_ms, grace_s;
        uint32_t on_lost;
        uint32_t uid;
        char *user;
        bool gang;
        char *master_address;
        uint32_t master_port;
        uint32_t cap_ppm; /* of each GPU's own power limit; 0: no cap */
        char **addresses; /* n_addresses: none, or HOST:PORT of each node, by rank */
        size_t n_addresses;
};

struct message_order {
        uint64_t term, session, job;
        uint32_t attempt;
        uint64_t epoch;
        uint32_t want, reason;
        int64_t grace_s;
        bool has_launch;
        struct message_launch launch;
};

struct message {
        enum message_type type;
        union {
                struct message_request request;
                struct message_reply reply;
                struct message_hello hello;
                struct message_welcome welcome;
                struct message_renew renew;
                struct message_grant grant;
                struct message_stale stale;
                struct message_order order;
        } u;
};

void message_finish(struct message *message);

/* A frame's bytes, malloc'ed. ENOMEM, EINVAL (a bound is not kept; named in err). */
int message_encode(const struct message *message, uint8_t **ret_bytes, size_t *ret_size, struct offpeak_error *err);

/*
 * EPROTOCOL for another magic or version (err says which versions meet, and what to update), EINVAL for a frame that
 * is too long, too short, not decodable or beyond a bound. Never reads beyond size; ret_message is written on success
 * only.
 */
int message_decode(const uint8_t *bytes, size_t size, struct message *ret_message, struct offpeak_error *err);

#endif
