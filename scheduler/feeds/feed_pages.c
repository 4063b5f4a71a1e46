/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/feed_pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/zip_members.h"

bool feed_pages_are_zips(const struct mapping *mapping)
{
        return mapping != NULL && mapping->format == MAPPING_ENTSOE_OUTAGES;
}

bool feed_pages_follow(const struct mapping *mapping, const char *address)
{
        const char *query = strchr(address, '?');

        return feed_pages_are_zips(mapping) &&
               (query == NULL || (strncmp(query + 1, "offset=", 7) != 0 && strstr(query, "&offset=") == NULL));
}

/* In front of a fragment, which no server sees. */
char *feed_pages_address(const char *address, unsigned page)
{
        size_t size = strlen(address) + 32, length = strcspn(address, "#");
        char *text = malloc(size);

        if (text != NULL)
                snprintf(text, size, "%.*s%coffset=%u", (int)length, address,
                         memchr(address, '?', length) != NULL ? '&' : '?', page * FEED_PAGE_DOCUMENTS);
        return text;
}

bool feed_pages_is_full(const struct feed_page *page)
{
        return zip_is(page->text, page->size) && zip_count(page->text, page->size) >= FEED_PAGE_DOCUMENTS;
}

bool feed_pages_is_end(long status, const char *text, size_t size)
{
        static const char root[] = "Acknowledgement_MarketDocument", nothing[] = "No matching data found";

        return (status == 200 || status == 400) && text != NULL && memmem(text, size, root, sizeof(root) - 1) != NULL &&
               memmem(text, size, nothing, sizeof(nothing) - 1) != NULL;
}
