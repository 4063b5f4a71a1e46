/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_pages.h - answers that a server gives in parts, and what asks for the next part.
 *
 * The ENTSO-E platform gives at most 200 documents of outages at once; `offset` names how many to pass over, up to 4,800. So an
 * answer with 200 of them may have a next one, and one with less is the last. Asked behind the end it says in a document of its
 * own that nothing matches.
 */
#ifndef OFFPEAK_FEEDS_FEED_PAGES_H
#define OFFPEAK_FEEDS_FEED_PAGES_H

#include "feeds/mapping.h"

enum { FEED_PAGE_DOCUMENTS = 200, FEED_MOST_PAGES = 25 };

struct feed_page {
        char *text;
        size_t size;
};

/* Does what is read in this way come as ZIPs? mapping may be NULL. */
bool feed_pages_are_zips(const struct mapping *mapping);

/* Does it come in pages? Not where the address asks for one of them itself. */
bool feed_pages_follow(const struct mapping *mapping, const char *address);

/* The address of page 1 (the second) and later ones, with the query that asks for it. Malloc'ed; NULL: ENOMEM. */
char *feed_pages_address(const char *address, unsigned page);

/* Has it as many documents as a page can have? */
bool feed_pages_is_full(const struct feed_page *page);

/* Is it the word that behind the last page there is nothing? status: of HTTP. */
bool feed_pages_is_end(long status, const char *text, size_t size);

#endif
