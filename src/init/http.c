// SPDX-License-Identifier: LGPL-2.1-or-later
#include "http.h"

#include <stdint.h>
#include <string.h>

static const char scheme[] = "http://";
static const char version[] = "HTTP/1.";
#define STATUS_LINE_MIN 13 /* "HTTP/1.1 200" and what ends the number */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *copy_port(const char *text, size_t size, Url *ret_url)
{
    unsigned port = 0;

    if (size == 0 || size > 5)
        return "the port is no number from 1 to 65535";
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(text[i]))
            return "the port is no number from 1 to 65535";
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    if (port < 1 || port > UINT16_MAX)
        return "the port is no number from 1 to 65535";
    memcpy(ret_url->port, text, size);
    ret_url->port[size] = '\0';
    return NULL;
}

static const char *copy_host(const char *text, size_t size, Url *ret_url)
{
    if (size == 0)
        return "it names no host";
    if (size >= sizeof(ret_url->host))
        return "the name of the host is too long";
    if (memchr(text, '@', size))
        return "a user name is not supported";
    memcpy(ret_url->host, text, size);
    ret_url->host[size] = '\0';
    return NULL;
}

/* HOST[:PORT] or [ADDRESS][:PORT] of that size; ret_url->port stays without one. */
static const char *parse_authority(const char *text, size_t size, Url *ret_url)
{
    const char *end = text + size;
    const char *host = text;
    const char *host_end = memchr(text, ':', size);
    const char *problem;

    ret_url->bracketed = size > 0 && text[0] == '[';
    if (ret_url->bracketed) {
        host++;
        host_end = memchr(text, ']', size);
        if (!host_end)
            return "there is no ']'";
    } else if (!host_end) {
        host_end = end;
    }
    problem = copy_host(host, (size_t)(host_end - host), ret_url);
    if (problem)
        return problem;
    if (ret_url->bracketed)
        host_end++;
    if (host_end == end)
        return NULL;
    if (*host_end != ':')
        return "after ']' comes no port";
    return copy_port(host_end + 1, (size_t)(end - host_end - 1), ret_url);
}

/* Blanks and control characters would end the request line, or add a header. */
static const char *check_characters(const char *text)
{
    if (strlen(text) > URL_SIZE_MAX)
        return "it is too long";
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return "it has a blank or a control character";
    return NULL;
}

const char *url_parse(const char *text, Url *ret_url)
{
    const char *problem = check_characters(text);
    const char *authority = text + sizeof(scheme) - 1;

    if (problem)
        return problem;
    if (strncmp(text, scheme, sizeof(scheme) - 1) != 0)
        return "it does not begin with http://";
    memcpy(ret_url->port, "80", sizeof("80"));
    ret_url->path = authority + strcspn(authority, "/?#");
    return parse_authority(authority, (size_t)(ret_url->path - authority), ret_url);
}

const char *endpoint_parse(const char *text, Url *ret_url)
{
    const char *problem = check_characters(text);

    if (problem)
        return problem;
    ret_url->port[0] = '\0';
    ret_url->path = "";
    ret_url->bracketed = false;
    if (text[strspn(text, "0123456789")] == '\0') {
        memcpy(ret_url->host, "localhost", sizeof("localhost"));
        return copy_port(text, strlen(text), ret_url);
    }
    problem = parse_authority(text, strlen(text), ret_url);
    if (!problem && ret_url->port[0] == '\0')
        problem = "it names no port";
    return problem;
}

void http_add_request(Text *text, const Url *url)
{
    text_add(text, "GET ");
    if (url->path[0] != '/')
        text_add(text, "/");
    for (const char *at = url->path; *at && *at != '#'; at++)
        text_add(text, "%s", (const char[]){*at, '\0'});
    text_add(text, " HTTP/1.1\r\nHost: ");
    text_add(text, url->bracketed ? "[%s]:%s" : "%s:%s", url->host, url->port);
    text_add(text, "\r\nUser-Agent: gourd-init\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

/* Where the answer's headers end, NULL if they are not complete. */
static const char *find_end_of_headers(const char *bytes, const char *end)
{
    for (const char *line = memchr(bytes, '\n', (size_t)(end - bytes)); line;
         line = memchr(line, '\n', (size_t)(end - line))) {
        line++;
        if (line < end && *line == '\n')
            return line + 1;
        if (end - line >= 2 && line[0] == '\r' && line[1] == '\n')
            return line + 2;
    }
    return NULL;
}

HttpAnswer http_read_status(const char *bytes, size_t size, unsigned *ret_status)
{
    const char *end = bytes + size;

    for (;;) {
        size_t left = (size_t)(end - bytes);
        size_t prefix = left < sizeof(version) - 1 ? left : sizeof(version) - 1;
        unsigned status;

        if (memcmp(bytes, version, prefix) != 0)
            return HTTP_GARBAGE;
        if (left < STATUS_LINE_MIN)
            return HTTP_MORE;
        if (!is_digit(bytes[7]) || bytes[8] != ' ' || !is_digit(bytes[9]) || !is_digit(bytes[10]) ||
            !is_digit(bytes[11]) || is_digit(bytes[12]))
            return HTTP_GARBAGE;
        status = (unsigned)(bytes[9] - '0') * 100 + (unsigned)(bytes[10] - '0') * 10 + (unsigned)(bytes[11] - '0');
        if (status < 100 || status > 599 || status == 101)
            return HTTP_GARBAGE;
        if (status >= 200) {
            *ret_status = status;
            return HTTP_STATUS;
        }
        /* An informational answer: the final one follows (RFC 9110, 15.2). */
        bytes = find_end_of_headers(bytes, end);
        if (!bytes)
            return HTTP_MORE;
    }
}
