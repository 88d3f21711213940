// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* As much of HTTP/1.1 (RFC 9112) as a probe needs: a request, and the status of the answer. Bytes in, values out. */

#include "text.h"

#define URL_SIZE_MAX 2048 /* of the whole URL, so that the request fits into a small buffer */
#define HTTP_ANSWER_MAX \
    (16 * 1024) /* bytes in which the final status must have come: headers of informational answers */

typedef struct {
    char host[256]; /* name or address, without brackets */
    char port[8];
    const char *path; /* from "/" on, in the URL; "" for none */
    bool bracketed;   /* the host was written as [ADDRESS] */
} Url;

/* http://HOST[:PORT][/PATH]. NULL, or what is wrong with it. */
const char *url_parse(const char *text, Url *ret_url);
/* HOST:PORT or PORT: NULL, or what is wrong. */
const char *endpoint_parse(const char *text, Url *ret_url);

void http_add_request(Text *text, const Url *url);

typedef enum {
    HTTP_MORE,    /* the status is still to come */
    HTTP_STATUS,  /* *ret_status, 200 to 599 */
    HTTP_GARBAGE, /* this is not HTTP/1 */
} HttpAnswer;

/* Reads the status from what has been received so far. Fuzzed. */
HttpAnswer http_read_status(const char *bytes, size_t size, unsigned *ret_status);
