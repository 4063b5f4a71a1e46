/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/mapping_guess.h"

#include <string.h>

#include "feeds/mappings.h"
#include "feeds/row_time.h"
#include "feeds/rows.h"
#include "feeds/xml_document.h"
#include "feeds/zip_members.h"

static bool is_json(const char *text, size_t size)
{
        size_t i = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

        while (i < size && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t'))
                i++;
        return i < size && (text[i] == '{' || text[i] == '[');
}

/*
 * The first row, if there is one, must have a time, and one that the mapping's form covers. A row that cannot be taken apart (a decimal
 * comma) tells nothing against the header: whoever reads the file says what is wrong with the row, and where.
 */
static bool first_row_fits(const struct mapping *mapping, struct rows *rows)
{
        struct offpeak_error ignored;
        struct zone *zone = NULL;
        struct row_time time;
        struct row row;
        bool fits;
        int code = rows_next(rows, &row, &ignored);

        if (code != 1)
                return true;
        if (mapping->zone != NULL && zone_open(mapping->zone, &zone, &ignored) != 0)
                return false;
        fits = row_time(mapping, zone, rows, &row, &time, &ignored) == 0;
        zone_destroy(zone);
        return fits;
}

static bool fits_file(const struct mapping *ready, const char *text, size_t size)
{
        struct mapping mapping = *ready;
        struct offpeak_error ignored;
        struct rows *rows;
        bool fits;

        if (mapping.format == MAPPING_CSV && mapping.column == NULL)
                mapping.column = rows_wanted(&mapping, mapping.date != NULL ? CELL_DATE : CELL_TIME); /* any will do */
        if (rows_open(&mapping, "", 0, text, size, &rows, &ignored) != 0)
                return false;
        fits = first_row_fits(&mapping, rows);
        rows_close(rows);
        return fits;
}

/* By the root; a ZIP is what outages come in, and the answer that there is no data comes for prices too. */
static const struct mapping *guess_document(const char *text, size_t size)
{
        char root[64];

        if (zip_is(text, size))
                return mappings_find("entsoe_a80");
        xml_root_name(text, size, root);
        if (strcmp(root, "Publication_MarketDocument") == 0 || strcmp(root, "Acknowledgement_MarketDocument") == 0)
                return mappings_find("entsoe_a44");
        return strcmp(root, "Unavailability_MarketDocument") == 0 ? mappings_find("entsoe_a80") : NULL;
}

static bool is_document(const char *text, size_t size)
{
        size_t i = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

        while (i < size && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t'))
                i++;
        return zip_is(text, size) || (i < size && text[i] == '<');
}

const struct mapping *mapping_guess(const char *text, size_t size)
{
        bool json = is_json(text, size);

        if (is_document(text, size))
                return guess_document(text, size);
        for (const struct mapping *mapping = mappings; mapping->name != NULL; mapping++)
                if (mapping_has_rows(mapping) && (mapping->format == MAPPING_JSON) == json && fits_file(mapping, text, size))
                        return mapping;
        return NULL;
}
