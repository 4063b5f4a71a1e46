/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encoding.c - cp932 holds kana, Latin letters and digits in order, which arithmetic finds; of its seven thousand
 * kanji the table has those that stand in the headers of electricity files. Any other becomes U+FFFD, by which no
 * column is named.
 */
#include "feeds/encoding.h"

#include <stdbool.h>
#include <stdint.h>

#define UNKNOWN 0xfffdu

static const struct {
        uint16_t cp932, unicode;
} others[] = {
        /* ascending */
        { 0x8141, 0x3001 }, { 0x8142, 0x3002 }, { 0x8145, 0x30fb }, { 0x815b, 0x30fc }, { 0x815e, 0xff0f },
        { 0x8160, 0xff5e }, { 0x8169, 0xff08 }, { 0x816a, 0xff09 }, { 0x817c, 0x2212 }, { 0x8193, 0xff05 },
        { 0x88ca, 0x4f4d }, { 0x88f8, 0x5f15 }, { 0x897e, 0x5186 }, { 0x89bf, 0x4fa1 }, { 0x89c2, 0x53ef },
        { 0x89ce, 0x706b }, { 0x89f1, 0x56de }, { 0x8a43, 0x6d77 }, { 0x8ad4, 0x9593 }, { 0x8ad6, 0x95a2 },
        { 0x8b8b, 0x7d66 }, { 0x8b9e, 0x4eac }, { 0x8b9f, 0x4f9b }, { 0x8bcf, 0x5747 }, { 0x8be3, 0x4e5d },
        { 0x8c6e, 0x7cfb }, { 0x8c76, 0x8a08 }, { 0x8c8e, 0x6708 }, { 0x8cb4, 0x539f }, { 0x8cf5, 0x5149 },
        { 0x8d87, 0x5408 }, { 0x8d8f, 0x523b }, { 0x8d91, 0x56fd }, { 0x8e44, 0x672d }, { 0x8e6c, 0x56db },
        { 0x8e71, 0x5b50 }, { 0x8e73, 0x5e02 }, { 0x8e9e, 0x6642 }, { 0x8ec0, 0x5b9f }, { 0x8ee6, 0x53d6 },
        { 0x8ef3, 0x53d7 }, { 0x8ef9, 0x9700 }, { 0x8f42, 0x5dde }, { 0x8fea, 0x5834 }, { 0x9085, 0x6c34 },
        { 0x90bc, 0x897f }, { 0x90d1, 0x7e3e }, { 0x914f, 0x524d }, { 0x9153, 0x5168 }, { 0x918d, 0x7dcf },
        { 0x91aa, 0x6e2c }, { 0x91be, 0x592a }, { 0x9250, 0x5358 }, { 0x926c, 0x5024 }, { 0x926e, 0x5730 },
        { 0x9286, 0x4e2d }, { 0x92e8, 0x5b9a }, { 0x9364, 0x96fb }, { 0x936e, 0x6e21 }, { 0x938c, 0x6771 },
        { 0x939d, 0x7d71 }, { 0x93b9, 0x9053 }, { 0x93fa, 0x65e5 }, { 0x93fc, 0x5165 }, { 0x944d, 0x71b1 },
        { 0x944e, 0x5e74 }, { 0x945c, 0x80fd }, { 0x9483, 0x8cb7 }, { 0x9484, 0x58f2 }, { 0x94ad, 0x767a },
        { 0x94f0, 0x907f }, { 0x9594, 0x90e8 }, { 0x9597, 0x98a8 }, { 0x95bd, 0x5e73 }, { 0x966b, 0x5317 },
        { 0x96f1, 0x7d04 }, { 0x975c, 0x4e88 }, { 0x9767, 0x63da }, { 0x9776, 0x8981 }, { 0x977a, 0x967d },
        { 0x97a4, 0x9678 }, { 0x97a6, 0x7387 }, { 0x97ca, 0x91cf }, { 0x97cd, 0x529b },
};

static unsigned from_table(unsigned code)
{
        size_t low = 0, high = sizeof(others) / sizeof(others[0]);

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (others[middle].cp932 == code)
                        return others[middle].unicode;
                if (others[middle].cp932 < code)
                        low = middle + 1;
                else
                        high = middle;
        }
        return UNKNOWN;
}

/* Two bytes; rows leave out 0x7f as second byte. */
static unsigned from_pair(unsigned lead, unsigned trail)
{
        unsigned cell = trail - 0x40 - (trail > 0x7f ? 1 : 0);

        if (lead == 0x81 && trail == 0x40)
                return ' ';
        if (lead == 0x82 && trail >= 0x4f && trail <= 0x58)
                return '0' + trail - 0x4f; /* full width, made plain */
        if (lead == 0x82 && trail >= 0x60 && trail <= 0x79)
                return 'A' + trail - 0x60;
        if (lead == 0x82 && trail >= 0x81 && trail <= 0x9a)
                return 'a' + trail - 0x81;
        if (lead == 0x82 && trail >= 0x9f && trail <= 0xf1)
                return 0x3041 + trail - 0x9f;
        if (lead == 0x83 && trail >= 0x40 && trail <= 0x96)
                return 0x30a1 + cell;
        return from_table(lead << 8 | trail);
}

static bool is_lead(unsigned byte)
{
        return (byte >= 0x81 && byte <= 0x9f) || (byte >= 0xe0 && byte <= 0xfc);
}

static size_t put_utf8(unsigned code, char *text)
{
        if (code < 0x80) {
                text[0] = (char)code;
                return 1;
        }
        if (code < 0x800) {
                text[0] = (char)(0xc0 | code >> 6);
                text[1] = (char)(0x80 | (code & 0x3f));
                return 2;
        }
        text[0] = (char)(0xe0 | code >> 12);
        text[1] = (char)(0x80 | (code >> 6 & 0x3f));
        text[2] = (char)(0x80 | (code & 0x3f));
        return 3;
}

size_t encoding_to_utf8(enum encoding encoding, const char *bytes, size_t size, char *text, size_t room)
{
        const unsigned char *at = (const unsigned char *)bytes, *end = at + size;
        size_t used = 0;

        while (at < end && used + 4 < room) {
                unsigned byte = *at++;

                if (encoding == ENCODING_UTF8) {
                        text[used++] = (char)byte;
                } else if (encoding == ENCODING_LATIN1 || byte < 0x80) {
                        used += put_utf8(byte == 0x80 ? 0x20ac : byte, text + used); /* Windows' euro sign */
                } else if (is_lead(byte) && at < end) {
                        used += put_utf8(from_pair(byte, *at++), text + used);
                } else {
                        used += put_utf8(byte >= 0xa1 && byte <= 0xdf ? 0xff61 + byte - 0xa1 : UNKNOWN, text + used);
                }
        }
        text[used] = '\0';
        return used;
}
