/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_document.h - an XML document from anywhere, in memory; hardened.
 *
 * A document type declaration is refused where it begins, so there are no entities but XML's own five: nothing expands, no
 * other file and no network is asked. Comments and processing instructions are passed over. Size, depth and the number of
 * elements and attributes are limited, and with them what it takes in memory (some 150 MiB at the most). Elements are found by
 * their local names: namespaces vary from version to version of a schema.
 */
#ifndef OFFPEAK_FEEDS_XML_DOCUMENT_H
#define OFFPEAK_FEEDS_XML_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <offpeak/error.h>

enum { XML_LARGEST = 16 << 20, XML_MOST_NODES = 500000, XML_DEEPEST = 64 };

struct xml_document;
struct _xmlNode; /* an element; libxml2's */

/* text and file (its name in errors) are borrowed, file for as long as the document lives. EINVAL with the place, ENOMEM. */
int xml_document_parse(const char *file, const char *text, size_t size, struct xml_document **ret_document,
                       struct offpeak_error *err);
void xml_document_destroy(struct xml_document *document); /* NULL is fine */

/* The name of the first element, "" if text is no XML up to there. */
const char *xml_root_name(const char *text, size_t size, char name[64]);

const struct _xmlNode *xml_root(const struct xml_document *document);

/* The first element of that name below parent, and the next one beside `element`; NULL: none. */
const struct _xmlNode *xml_child(const struct _xmlNode *parent, const char *name);
const struct _xmlNode *xml_next(const struct _xmlNode *element, const char *name);

bool xml_is(const struct _xmlNode *element, const char *name);

/* An element's text without blanks around it; of NULL, or if there are elements in it: "". Not ended by a zero. */
const char *xml_text(const struct _xmlNode *element, size_t *ret_size);

/* Is that its text, in small or capital letters? */
bool xml_text_is(const struct _xmlNode *element, const char *text);

/* The text as a string: cut to 63 bytes, and what cannot be printed becomes '?'. */
const char *xml_show(const struct _xmlNode *element, char text[64]);

unsigned xml_line(const struct _xmlNode *element);

/* Fail with EINVAL at an element (NULL: the document): "FILE:LINE: ...". */
int xml_refuse(const struct xml_document *document, const struct _xmlNode *element, struct offpeak_error *err,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
