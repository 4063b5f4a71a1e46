/* SPDX-License-Identifier: Apache-2.0 */
/* xml_document.c - libxml2's parser with callbacks of our own before its own: they count, and stop it. */
#include "feeds/xml_document.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "base/fail.h"

/* NOENT, DTDLOAD and HUGE are not here: no entities, no other files, the library's own limits. */
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS | XML_PARSE_COMPACT | XML_PARSE_BIG_LINES)

struct xml_document {
        xmlDoc *doc;
        const char *file;
};

/* Why the parser was stopped. */
struct watch {
        size_t nodes;
        bool has_type, too_deep, too_many;
        char *root; /* [64]: its name is wanted, and nothing else */
};

/* ---- callbacks */

static void on_type(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
        xmlParserCtxt *parser = context;
        struct watch *watch = parser->_private;

        (void)name;
        (void)external;
        (void)system;
        watch->has_type = true;
        xmlStopParser(parser);
}

static void on_element(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *space, int n_spaces,
                       const xmlChar **spaces, int n_attributes, int n_defaulted, const xmlChar **attributes)
{
        xmlParserCtxt *parser = context;
        struct watch *watch = parser->_private;

        watch->nodes += 1 + (size_t)n_spaces + (size_t)n_attributes;
        watch->too_many = watch->nodes > XML_MOST_NODES;
        watch->too_deep = parser->nameNr >= XML_DEEPEST;
        if (watch->root != NULL)
                snprintf(watch->root, 64, "%s", (const char *)name);
        if (watch->too_many || watch->too_deep || watch->root != NULL)
                xmlStopParser(parser);
        else
                xmlSAX2StartElementNs(context, name, prefix, space, n_spaces, spaces, n_attributes, n_defaulted,
                                      attributes);
}

/* ---- parsing */

/* NULL: out of memory. */
static xmlParserCtxt *make_parser(struct watch *watch)
{
        xmlParserCtxt *parser = xmlNewParserCtxt();

        if (parser == NULL)
                return NULL;
        parser->_private = watch;
        parser->sax->internalSubset = on_type;
        parser->sax->startElementNs = on_element;
        parser->sax->comment = NULL;
        parser->sax->processingInstruction = NULL;
        return parser;
}

static int refuse_text(const char *file, const xmlParserCtxt *parser, const struct watch *watch,
                       struct offpeak_error *err)
{
        const char *why = parser->lastError.message != NULL ? parser->lastError.message : "it is empty";

        if (watch->has_type)
                return fail(err, OFFPEAK_EINVAL,
                            "%s: has a document type declaration (<!DOCTYPE), which is not read, for it can make the "
                            "document anything: take it out",
                            file);
        if (watch->too_deep)
                return fail(err, OFFPEAK_EINVAL, "%s: has elements more than %d deep: this is no signal", file,
                            XML_DEEPEST);
        if (watch->too_many)
                return fail(err, OFFPEAK_EINVAL, "%s: has more than %d elements and attributes: cut it", file,
                            XML_MOST_NODES);
        if (parser->lastError.code == XML_ERR_NO_MEMORY)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        return fail(err, OFFPEAK_EINVAL, "%s:%d: is no XML: %.*s", file, parser->lastError.line,
                    (int)strcspn(why, "\n"), why);
}

int xml_document_parse(const char *file, const char *text, size_t size, struct xml_document **ret_document,
                       struct offpeak_error *err)
{
        struct xml_document *document;
        struct watch watch = { 0 };
        xmlParserCtxt *parser;
        int code = 0;

        if (size > XML_LARGEST)
                return fail(err, OFFPEAK_EINVAL, "%s: is larger than %d MiB: cut it", file, XML_LARGEST >> 20);
        document = calloc(1, sizeof(*document));
        parser = make_parser(&watch);
        if (document == NULL || parser == NULL) {
                free(document);
                xmlFreeParserCtxt(parser);
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        document->file = file;
        document->doc = xmlCtxtReadMemory(parser, text, (int)size, NULL, NULL, OPTIONS);
        if (document->doc == NULL || watch.has_type || watch.too_deep || watch.too_many ||
            xmlDocGetRootElement(document->doc) == NULL)
                code = refuse_text(file, parser, &watch, err);
        xmlFreeParserCtxt(parser);
        if (code != 0)
                xml_document_destroy(document);
        else
                *ret_document = document;
        return code;
}

void xml_document_destroy(struct xml_document *document)
{
        if (document == NULL)
                return;
        xmlFreeDoc(document->doc);
        free(document);
}

const char *xml_root_name(const char *text, size_t size, char name[64])
{
        struct watch watch = { .root = name };
        xmlParserCtxt *parser = size <= XML_LARGEST ? make_parser(&watch) : NULL;

        name[0] = '\0';
        if (parser == NULL)
                return name;
        xmlFreeDoc(xmlCtxtReadMemory(parser, text, (int)size, NULL, NULL, OPTIONS));
        xmlFreeParserCtxt(parser);
        return name;
}

/* ---- elements */

bool xml_is(const struct _xmlNode *element, const char *name)
{
        return element->type == XML_ELEMENT_NODE && strcmp((const char *)element->name, name) == 0;
}

const struct _xmlNode *xml_root(const struct xml_document *document)
{
        return xmlDocGetRootElement(document->doc);
}

static const xmlNode *first_of(const xmlNode *node, const char *name)
{
        while (node != NULL && !xml_is(node, name))
                node = node->next;
        return node;
}

const struct _xmlNode *xml_child(const struct _xmlNode *parent, const char *name)
{
        return parent != NULL ? first_of(parent->children, name) : NULL;
}

const struct _xmlNode *xml_next(const struct _xmlNode *element, const char *name)
{
        return first_of(element->next, name);
}

const char *xml_text(const struct _xmlNode *element, size_t *ret_size)
{
        const xmlNode *only = element != NULL ? element->children : NULL;
        const char *text;
        size_t size;

        *ret_size = 0;
        if (only == NULL || only->next != NULL || only->type != XML_TEXT_NODE || only->content == NULL)
                return "";
        text = (const char *)only->content;
        text += strspn(text, " \t\r\n");
        size = strlen(text);
        while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL)
                size--;
        *ret_size = size;
        return text;
}

bool xml_text_is(const struct _xmlNode *element, const char *text)
{
        size_t size;
        const char *own = xml_text(element, &size);

        return size == strlen(text) && strncasecmp(own, text, size) == 0;
}

const char *xml_show(const struct _xmlNode *element, char text[64])
{
        size_t size;
        const char *own = xml_text(element, &size);

        if (size > 63)
                size = 63;
        for (size_t i = 0; i < size; i++)
                text[i] = isprint((unsigned char)own[i]) ? own[i] : '?';
        text[size] = '\0';
        return text;
}

unsigned xml_line(const struct _xmlNode *element)
{
        long line = xmlGetLineNo(element);

        return line > 0 && line <= (long)UINT_MAX ? (unsigned)line : 0;
}

int xml_refuse(const struct xml_document *document, const struct _xmlNode *element, struct offpeak_error *err,
               const char *format, ...)
{
        char text[500];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (element == NULL)
                return fail(err, OFFPEAK_EINVAL, "%s: %s", document->file, text);
        return fail(err, OFFPEAK_EINVAL, "%s:%u: %s", document->file, xml_line(element), text);
}
