/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What gourd-init reads of others: an HTTP answer, as it arrives byte by byte; a URL; a hosts file; text for a status. */

#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "init/connect.h"
#include "init/http.h"
#include "init/text.h"

#define PIECES_MAX 512 /* bytes that are given one by one; each try reads all again */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More bytes never change what is decided. */
static void check_answer(const char *bytes, size_t size)
{
    unsigned status = 0, whole_status = 0;
    HttpAnswer answer = HTTP_MORE;
    HttpAnswer whole = size > 0 ? http_read_status(bytes, size, &whole_status) : HTTP_MORE;

    for (size_t got = 1; got <= MIN(size, PIECES_MAX) && answer == HTTP_MORE; got++)
        answer = http_read_status(bytes, got, &status);
    if (answer != HTTP_MORE && (answer != whole || status != whole_status))
        g_error("%d %u in pieces, %d %u whole", (int)answer, status, (int)whole, whole_status);
    if (whole == HTTP_STATUS && (whole_status < 200 || whole_status > 599))
        g_error("%u is no final status", whole_status);
}

static void check_url(const char *text)
{
    char buffer[2 * URL_SIZE_MAX];
    Text request = TEXT(buffer);
    Url url;

    if (url_parse(text, &url))
        return;
    http_add_request(&request, &url);
    if (request.cut || strstr(buffer, "\r\n\r\n") != buffer + request.length - 4)
        g_error("a request that has not one end");
}

static bool count(const char *address, void *data)
{
    if (*address == '\0')
        g_error("an address that is empty");
    (*(unsigned *)data)++;
    return false;
}

static void check_text(const char *bytes, size_t size)
{
    char buffer[256];
    Text text = TEXT(buffer);

    text_add_escaped(&text, bytes, size);
    if (!g_utf8_validate(buffer, -1, NULL) || strlen(buffer) != text.length || text.length >= sizeof(buffer))
        g_error("'%s' is no text", buffer);
    for (const char *at = buffer; *at; at++)
        if (g_ascii_iscntrl(*at))
            g_error("a control character");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *bytes = g_memdup2(data, size);
    g_autofree char *text = g_strndup((const char *)data, size);
    unsigned addresses = 0;

    check_answer(bytes, size);
    check_url(text);
    if (size > 0)
        hosts_find(bytes, size, "db", count, &addresses);
    check_text(bytes, size);
    return 0;
}
