// SPDX-License-Identifier: LGPL-2.1-or-later
/* What gourd-init reads and writes: URLs, answers, hosts files, and bytes that end up in a status. */
#include <glib.h>
#include <signal.h>
#include <string.h>

#include "init/connect.h"
#include "init/http.h"
#include "init/signals.h"
#include "init/text.h"

static void urls_are_taken_apart(void)
{
    static const struct {
        const char *text, *host, *port, *path;
        gboolean bracketed;
    } cases[] = {
        {"http://localhost", "localhost", "80", "", FALSE},
        {"http://localhost/", "localhost", "80", "/", FALSE},
        {"http://127.0.0.1:8080/health?a=b#c", "127.0.0.1", "8080", "/health?a=b#c", FALSE},
        {"http://[::1]:65535/x", "::1", "65535", "/x", TRUE},
        {"http://[fd00::1]", "fd00::1", "80", "", TRUE},
        {"http://web?x", "web", "80", "?x", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Url url;

        g_test_message("%s", cases[i].text);
        g_assert_cmpstr(url_parse(cases[i].text, &url), ==, NULL);
        g_assert_cmpstr(url.host, ==, cases[i].host);
        g_assert_cmpstr(url.port, ==, cases[i].port);
        g_assert_cmpstr(url.path, ==, cases[i].path);
        g_assert_cmpint(url.bracketed, ==, cases[i].bracketed);
    }
}

static void what_is_no_url_is_refused(void)
{
    static const char *const cases[] = {
        "",
        "localhost:80/",
        "https://localhost/",
        "http://",
        "http:///x",
        "http://:80/",
        "http://a:0/",
        "http://a:65536/",
        "http://a:/",
        "http://a:8x/",
        "http://a:99999999999999999999/",
        "http://user@a/",
        "http://[::1/",
        "http://[::1]8/",
        "http://::1/",
        "http://a/x y",
        "http://a/x\r\nHost: b",
        "http://a/\t",
    };
    g_autofree char *name = g_strnfill(256, 'a');
    g_autofree char *long_name = g_strconcat("http://", name, "/", NULL);
    g_autofree char *path = g_strnfill(URL_SIZE_MAX, 'a');
    g_autofree char *long_path = g_strconcat("http://a/", path, NULL);
    Url url;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i]);
        g_assert_nonnull(url_parse(cases[i], &url));
    }
    g_assert_nonnull(url_parse(long_name, &url));
    g_assert_nonnull(url_parse(long_path, &url));
}

static void an_endpoint_is_a_port_or_a_host_and_a_port(void)
{
    Url url;

    g_assert_cmpstr(endpoint_parse("5432", &url), ==, NULL);
    g_assert_cmpstr(url.host, ==, "localhost");
    g_assert_cmpstr(url.port, ==, "5432");
    g_assert_cmpstr(endpoint_parse("db:1", &url), ==, NULL);
    g_assert_cmpstr(url.host, ==, "db");
    g_assert_cmpstr(endpoint_parse("[::1]:22", &url), ==, NULL);
    g_assert_cmpstr(url.host, ==, "::1");
    g_assert_nonnull(endpoint_parse("", &url));
    g_assert_nonnull(endpoint_parse("db", &url));
    g_assert_nonnull(endpoint_parse("0", &url));
    g_assert_nonnull(endpoint_parse("db:", &url));
}

static void a_request_is_what_http_wants(void)
{
    char buffer[2 * URL_SIZE_MAX];
    Text text = TEXT(buffer);
    Url url;

    g_assert_cmpstr(url_parse("http://[::1]:8080?full=1#part", &url), ==, NULL);
    http_add_request(&text, &url);
    g_assert_cmpstr(buffer, ==,
                    "GET /?full=1 HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: gourd-init\r\nAccept: */*\r\n"
                    "Connection: close\r\n\r\n");
}

/* The longest URL's request is whole. */
static void the_longest_request_fits(void)
{
    char buffer[2 * URL_SIZE_MAX];
    Text text = TEXT(buffer);
    g_autofree char *path = g_strnfill(URL_SIZE_MAX - strlen("http://a/"), 'x');
    g_autofree char *longest = g_strconcat("http://a/", path, NULL);
    Url url;

    g_assert_cmpstr(url_parse(longest, &url), ==, NULL);
    http_add_request(&text, &url);
    g_assert_false(text.cut);
    g_assert_true(g_str_has_suffix(buffer, "\r\n\r\n"));
}

static void a_status_is_found_in_pieces_too(void)
{
    static const struct {
        const char *answer;
        HttpAnswer result;
        guint status;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", HTTP_STATUS, 200},
        {"HTTP/1.0 404 Not Found\r\n", HTTP_STATUS, 404},
        {"HTTP/1.1 204\r\n", HTTP_STATUS, 204},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\n", HTTP_STATUS, 503},
        {"HTTP/1.1 103 Early Hints\nLink: x\n\nHTTP/1.1 301 Moved\n", HTTP_STATUS, 301},
        {"H", HTTP_MORE, 0},
        {"HTTP/1.1 200", HTTP_MORE, 0},
        {"HTTP/1.1 100 Continue\r\nx: y\r\n", HTTP_MORE, 0},
        {"HTTP/2 200 OK\r\n", HTTP_GARBAGE, 0},
        {"HTTP/1.1 2000 OK\r\n", HTTP_GARBAGE, 0},
        {"HTTP/1.1 099 OK\r\n", HTTP_GARBAGE, 0},
        {"HTTP/1.1 600 OK\r\n", HTTP_GARBAGE, 0},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", HTTP_GARBAGE, 0},
        {"HTTP/1.1  200 OK\r\n", HTTP_GARBAGE, 0},
        {"SSH-2.0-OpenSSH_9.2\r\n", HTTP_GARBAGE, 0},
        {"http/1.1 200 OK\r\n", HTTP_GARBAGE, 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        HttpAnswer answer = HTTP_MORE;
        gsize size = strlen(cases[i].answer);
        guint status = 0;

        g_test_message("%s", cases[i].answer);
        for (gsize got = 1; got <= size && answer == HTTP_MORE; got++) {
            /* Of its own size, so that ASan sees what is read beyond. */
            g_autofree char *exact = g_memdup2(cases[i].answer, got);

            answer = http_read_status(exact, got, &status);
        }
        g_assert_cmpint(answer, ==, cases[i].result);
        g_assert_cmpuint(status, ==, cases[i].status);
    }
}

static bool take(const char *address, void *data)
{
    g_ptr_array_add(data, g_strdup(address));
    return false;
}

static void names_are_found_in_a_hosts_file(void)
{
    static const char hosts[] = "127.0.0.1 localhost\n"
                                "# 10.0.0.9 db\n"
                                "10.0.0.1\tdb db.local # db2\n"
                                "\n"
                                " fd00::1  x\r\n"
                                "10.0.0.2 DB\n"
                                "10.0.0.3\n"
                                "10.0.0.4 last";
    static const struct {
        const char *name, *addresses;
    } cases[] = {
        {"db", "10.0.0.1 10.0.0.2"},
        {"db.local", "10.0.0.1"},
        {"x", "fd00::1"},
        {"last", "10.0.0.4"},
        {"db2", ""},
        {"10.0.0.1", ""},
        {"las", ""},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *exact = g_memdup2(hosts, sizeof(hosts) - 1);

        hosts_find(exact, sizeof(hosts) - 1, cases[i].name, take, found);
        g_ptr_array_add(found, NULL);
        g_autofree char *joined = g_strjoinv(" ", (char **)found->pdata);
        g_assert_cmpstr(joined, ==, cases[i].addresses);
    }
}

static void signals_have_names_and_numbers(void)
{
    static const struct {
        const char *text;
        int number;
    } cases[] = {
        {"SIGTERM", SIGTERM},
        {"QUIT", SIGQUIT},
        {"SIGWINCH", SIGWINCH},
        {"VTALRM", SIGVTALRM},
        {"3", 3},
        {"SIGRTMIN+3", 37},
        {"RTMIN", 34},
        {"SIGRTMAX-1", 63},
        {"RTMAX", 64},
        {"SIGRTMIN+30", 64},
        {"", 0},
        {"SIG", 0},
        {"sigterm", 0},
        {"0", 0},
        {"65", 0},
        {"99999999999", 0},
        {"SIGRTMIN+31", 0},
        {"SIGRTMIN-1", 0},
        {"SIGRTMAX+1", 0},
        {"SIGRTMAX-31", 0},
        {"SIGRTMIN+", 0},
        {"SIGTERMX", 0},
        {"3x", 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(signal_parse(cases[i].text), ==, cases[i].number);
    }
}

static void text_is_cut_between_characters(void)
{
    char buffer[8];
    Text text = TEXT(buffer);

    text_add(&text, "%s", "aé");
    g_assert_false(text.cut);
    text_add(&text, "%s", "éé");
    g_assert_true(text.cut);
    text_add(&text, "more");
    g_assert_cmpstr(buffer, ==, "aé…");
    g_assert_true(g_utf8_validate(buffer, -1, NULL));
}

static void numbers_are_written(void)
{
    char buffer[64];
    Text text = TEXT(buffer);

    text_add(&text, "%u %d %d %u%%", 0u, G_MININT, 42, G_MAXUINT);
    g_assert_cmpstr(buffer, ==, "0 -2147483648 42 4294967295%");
}

static void bytes_of_others_are_escaped(void)
{
    static const struct {
        const char *bytes, *shown;
    } cases[] = {
        {"plain 'text' \\x41", "plain 'text' \\x41"},
        {"a\tb", "a b"},
        {"\033[31mred\007", "\\x1b[31mred\\x07"},
        {"gr\xc3\xbc\xc3\x9f", "grüß"},
        {"\xff\xc3", "\\xff\\xc3"},
        {"\xc0\xaf", "\\xc0\\xaf"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {"\xf0\x9f\x98\x80", "😀"},
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
        {"\xef\xbf\xbf", "\\xef\\xbf\\xbf"},
        {"\xe2\x80\xae", "\\xe2\\x80\\xae"}, // NOLINT(misc-misleading-bidirectional)
        {"\xc2\x9b", "\\xc2\\x9b"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        char buffer[64];
        Text text = TEXT(buffer);
        gsize size = strlen(cases[i].bytes);
        g_autofree char *exact = g_memdup2(cases[i].bytes, size);

        text_add_escaped(&text, exact, size);
        g_assert_cmpstr(buffer, ==, cases[i].shown);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name) g_test_add_func("/init/text/" #name, name)
    ADD(urls_are_taken_apart);
    ADD(what_is_no_url_is_refused);
    ADD(an_endpoint_is_a_port_or_a_host_and_a_port);
    ADD(a_request_is_what_http_wants);
    ADD(the_longest_request_fits);
    ADD(a_status_is_found_in_pieces_too);
    ADD(names_are_found_in_a_hosts_file);
    ADD(signals_have_names_and_numbers);
    ADD(text_is_cut_between_characters);
    ADD(numbers_are_written);
    ADD(bytes_of_others_are_escaped);
    return g_test_run();
}
