// SPDX-License-Identifier: LGPL-2.1-or-later
/* gourd-init as a whole: what it says to the service manager, and how it probes. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "init-fixture.h"

/* --- what it says ------------------------------------------------------------------------------------------------ */

static void ready_is_said_at_the_first_success(Fixture *fixture, gconstpointer data)
{
    fixture_start(fixture,
                  "--health-exec test --health-exec -e --health-exec %s/up -- sh -c 'sleep 0.5; touch %s/up; sleep 99'",
                  fixture->folder, fixture->folder);
    fixture_expect(fixture, "EXTEND_TIMEOUT_USEC=");
    fixture_expect(fixture, "STATUS=starting\n");
    fixture_expect(fixture, "STATUS=starting: 1 probe failed, last: exit 1\n");
    fixture_expect_no(fixture, "READY=1", 0);
    fixture_expect(fixture, "READY=1\n");
    fixture_expect(fixture, "STATUS=healthy\n");
}

/* Also where $NOTIFY_SOCKET is a name without a file. */
static void an_abstract_socket_is_heard_too(Fixture *fixture, gconstpointer data)
{
    g_autofree char *name = g_strdup_printf("@gourd-init-test-%d", (int)getpid());

    fixture_listen(fixture, name);
    fixture_start(fixture, "--health-exec true -- sleep 99");
    fixture_expect(fixture, "READY=1\n");
}

static void without_a_socket_the_program_runs_and_is_probed(Fixture *fixture, gconstpointer data)
{
    g_subprocess_launcher_unsetenv(fixture->launcher, "NOTIFY_SOCKET");
    fixture_start(fixture,
                  "--health-exec touch --health-exec %s/probed -- sh -c 'until [ -e %s/probed ]; do sleep 0.01; done; "
                  "exit 5'",
                  fixture->folder, fixture->folder);
    g_assert_cmpint(fixture_wait(fixture), ==, 5);
}

static void the_program_does_not_see_what_is_said_for_it(Fixture *fixture, gconstpointer data)
{
    g_subprocess_launcher_setenv(fixture->launcher, "WATCHDOG_USEC", "5000000", TRUE);
    fixture_start(fixture, "--health-exec true -- sh -c 'echo ${NOTIFY_SOCKET-none} ${WATCHDOG_USEC-none}'");
    g_assert_cmpint(fixture_wait(fixture), ==, 0);
    g_autofree char *log = fixture_log(fixture);
    g_assert_cmpstr(log, ==, "none none\n");
}

static void a_program_that_speaks_for_itself_is_let(Fixture *fixture, gconstpointer data)
{
    g_autofree char *log = NULL;

    fixture_start(fixture, "-- sh -c 'echo $NOTIFY_SOCKET'");
    g_assert_cmpint(fixture_wait(fixture), ==, 0);
    fixture_expect_no(fixture, "=", 0);
    log = fixture_log(fixture);
    g_assert_true(g_str_has_prefix(log, fixture->folder));
}

static void the_watchdog_is_fed_between_probes(Fixture *fixture, gconstpointer data)
{
    g_subprocess_launcher_setenv(fixture->launcher, "WATCHDOG_USEC", "200000", TRUE);
    fixture_start(fixture, "--health-exec true --interval 60000000 -- sleep 99");
    fixture_expect(fixture, "READY=1\n");
    for (guint i = 0; i < 5; i++)
        fixture_expect(fixture, "WATCHDOG=1\n");
}

static void the_watchdog_of_another_process_is_not_fed(Fixture *fixture, gconstpointer data)
{
    g_subprocess_launcher_setenv(fixture->launcher, "WATCHDOG_USEC", "100000", TRUE);
    g_subprocess_launcher_setenv(fixture->launcher, "WATCHDOG_PID", "1", TRUE);
    fixture_start(fixture, "--health-exec true -- sleep 99");
    fixture_expect(fixture, "READY=1\n");
    fixture_expect_no(fixture, "WATCHDOG=", 300);
}

static void failures_in_a_row_trigger_the_watchdog(Fixture *fixture, gconstpointer data)
{
    g_autofree char *log = NULL;

    fixture_start(fixture,
                  "--health-exec sh --health-exec -c --health-exec 'echo looking; echo gone away >&2; test -e %s/up || "
                  "exit 7' --interval 50000 --retries 3 -- sh -c 'touch %s/up; sleep 99'",
                  fixture->folder, fixture->folder);
    fixture_expect(fixture, "READY=1\n");
    g_autofree char *up = g_build_filename(fixture->folder, "up", NULL);
    g_assert_cmpint(g_unlink(up), ==, 0);
    fixture_expect(fixture, "STATUS=unhealthy 1/3: exit 7: gone away\n");
    fixture_expect(fixture, "STATUS=unhealthy 2/3: exit 7: gone away\n");
    fixture_expect_no(fixture, "trigger", 0);
    fixture_expect(fixture, "WATCHDOG=trigger\n");
    fixture_expect(fixture, "STATUS=unhealthy 3/3: exit 7: gone away\n");
    log = fixture_log(fixture);
    g_assert_nonnull(strstr(log, "gourd-init: health probe 3 of 3 failed: exit 7: gone away\n"));
}

static void a_service_that_never_becomes_healthy_is_given_up(Fixture *fixture, gconstpointer data)
{
    fixture_start(fixture, "--health-exec false --interval 100000 --retries 2 -- sleep 99");
    fixture_expect(fixture, "WATCHDOG=trigger\n");
    fixture_expect_no(fixture, "READY=1", 0);
}

static void an_unhealthy_service_can_recover(Fixture *fixture, gconstpointer data)
{
    fixture_start(fixture,
                  "--health-exec test --health-exec -e --health-exec %s/up --interval 50000 --retries 1 -- sleep 99",
                  fixture->folder);
    fixture_expect(fixture, "WATCHDOG=trigger\n");
    g_autofree char *up = g_build_filename(fixture->folder, "up", NULL);
    g_assert_true(g_file_set_contents(up, "", 0, NULL));
    fixture_expect(fixture, "READY=1\n");
    fixture_expect(fixture, "STATUS=healthy\n");
}

/* systemd kills it then, and keeps what was said last. */
static void an_unhealthy_service_says_why_to_the_end(Fixture *fixture, gconstpointer data)
{
    fixture_start(fixture, "--health-exec sh --health-exec -c --health-exec 'echo ill; exit 1' --interval 100000 "
                           "--retries 1 -- sleep 99");
    fixture_expect(fixture, "STATUS=unhealthy 1/1: exit 1: ill\n");
    g_subprocess_send_signal(fixture->process, SIGTERM);
    fixture_expect(fixture, "STOPPING=1\n");
    fixture_expect_no(fixture, "STATUS=stopping", 200);
}

/* A service that stops slowly is no failed one, but may not fall silent. */
static void after_the_stop_signal_nothing_is_probed_but_the_watchdog_fed(Fixture *fixture, gconstpointer data)
{
    g_subprocess_launcher_setenv(fixture->launcher, "WATCHDOG_USEC", "100000", TRUE);
    fixture_start(fixture,
                  "--stop-signal SIGQUIT --health-exec test --health-exec -e --health-exec %s/up --interval 50000 "
                  "--retries 1 -- sh -c 'trap : HUP; trap \"rm %s/up\" QUIT; touch %s/up; while :; do sleep 0.1; done'",
                  fixture->folder, fixture->folder, fixture->folder);
    fixture_expect(fixture, "READY=1\n");
    g_subprocess_send_signal(fixture->process, SIGHUP);
    g_usleep(200000);
    fixture_expect_no(fixture, "STOPPING=1", 200);
    g_subprocess_send_signal(fixture->process, SIGQUIT);
    fixture_expect(fixture, "STOPPING=1\n");
    fixture_expect(fixture, "STATUS=stopping\n");
    for (guint i = 0; i < 5; i++)
        fixture_expect(fixture, "WATCHDOG=1\n");
    fixture_expect_no(fixture, "trigger", 300);
    fixture_expect_no(fixture, "STATUS=", 0);
}

/* systemd does not read while it is busy, and then its socket is full. */
static void what_cannot_be_sent_is_sent_later(Fixture *fixture, gconstpointer data)
{
    g_autofree char *name = g_build_filename(fixture->folder, "notify", NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int filler = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    guint filled = 0;

    memcpy(address.sun_path, name, strlen(name) + 1);
    while (sendto(filler, "X=1\n", 4, 0, (struct sockaddr *)&address, sizeof(address)) == 4)
        filled++;
    close(filler);
    g_assert_cmpuint(filled, >, 0);
    fixture_start(fixture, "--health-exec touch --health-exec %s/probed -- sleep 99", fixture->folder);
    g_autofree char *probed = g_build_filename(fixture->folder, "probed", NULL);
    while (!g_file_test(probed, G_FILE_TEST_EXISTS))
        g_usleep(10000);
    fixture_expect(fixture, "READY=1\n");
}

static void ready_on_exec_is_said_when_the_program_runs(Fixture *fixture, gconstpointer data)
{
    fixture_start(fixture, "--ready-on-exec -- sleep 99");
    fixture_expect(fixture, "READY=1\n");
    g_subprocess_send_signal(fixture->process, SIGTERM);
    g_assert_cmpint(fixture_wait(fixture), ==, -SIGTERM);
    g_string_truncate(fixture->heard, 0);

    fixture_start(fixture, "--ready-on-exec -- /nonexistent");
    g_assert_cmpint(fixture_wait(fixture), ==, 203);
    fixture_expect_no(fixture, "READY=1", 0);
}

static void beside_the_program_is_the_process_that_was_started(Fixture *fixture, gconstpointer data)
{
    g_autofree char *pid_path = g_build_filename(fixture->folder, "pid", NULL);
    g_autofree char *pid = NULL;
    g_autofree char *log = NULL;
    g_autofree char *wanted = NULL;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fixture_start(fixture,
                  "--beside --health-exec sh --health-exec -c --health-exec 'echo $PPID >%s/pid' -- "
                  "sh -c 'echo $$; exec sleep 99'",
                  fixture->folder);
    wanted = g_strdup_printf("%s\n", g_subprocess_get_identifier(fixture->process));
    fixture_expect(fixture, "READY=1\n");
    log = fixture_log(fixture);
    g_assert_cmpstr(log, ==, wanted);
    g_subprocess_send_signal(fixture->process, SIGUSR1);
    g_assert_cmpint(fixture_wait(fixture), ==, -SIGUSR1);

    /* gourd-init ends with it. */
    g_assert_true(g_file_get_contents(pid_path, &pid, NULL, NULL));
    g_assert_cmpint(waitpid((pid_t)g_ascii_strtoll(pid, NULL, 10), NULL, 0), >, 0);
}

/* --- probes ------------------------------------------------------------------------------------------------------ */

static void the_text_of_a_probe_cannot_do_harm(Fixture *fixture, gconstpointer data)
{
    fixture_start(
        fixture,
        "--health-exec printf --health-exec 'progress\\r\\033[2Jx\\377\\000y\\n\\n' --health-exec x -- sleep 99");
    fixture_expect(fixture, "READY=1\n");
    fixture_expect(fixture, "STATUS=healthy\n");
}

static void the_last_line_of_a_failure_is_shown(Fixture *fixture, gconstpointer data)
{
    fixture_start(fixture, "--health-exec sh --health-exec -c --health-exec 'printf \"Traceback\\n  File x\\n"
                           "Error: \\033[1mno\\377 \\303\\274\\n\\n\"; exit 1' -- sleep 99");
    fixture_expect(fixture, "STATUS=starting: 1 probe failed, last: exit 1: Error: \\x1b[1mno\\xff ü\n");
}

static void endless_output_is_no_harm(Fixture *fixture, gconstpointer data)
{
    fixture_start(fixture, "--health-exec yes --interval 300000 --timeout 200000 --retries 1 -- sleep 99");
    fixture_expect(fixture, "WATCHDOG=trigger\n");
    fixture_expect(fixture, "STATUS=unhealthy 1/1: not over after 200 ms: y\n");
}

static void a_probe_of_a_missing_program_says_so(Fixture *fixture, gconstpointer data)
{
    fixture_start(fixture, "--health-exec /nonexistent -- sleep 99");
    fixture_expect(
        fixture,
        "STATUS=starting: 1 probe failed, last: exit 127: cannot run '/nonexistent': No such file or directory\n");
}

/* The whole group: what the shell started holds on otherwise. */
static void a_probe_that_hangs_is_killed_with_all_it_started(Fixture *fixture, gconstpointer data)
{
    g_autofree char *pid_path = g_build_filename(fixture->folder, "pid", NULL);
    g_autofree char *pid = NULL;

    fixture_start(fixture,
                  "--health-exec sh --health-exec -c --health-exec 'sleep 1000 & echo $! >%s/pid; wait' "
                  "--interval 150000 --timeout 300000 --retries 1 -- sleep 99",
                  fixture->folder);
    fixture_expect(fixture, "WATCHDOG=trigger\n");
    g_assert_true(g_file_get_contents(pid_path, &pid, NULL, NULL));
    for (guint i = 0; kill((pid_t)g_ascii_strtoll(pid, NULL, 10), 0) == 0; i++) {
        g_assert_cmpuint(i, <, 200);
        g_usleep(10000);
    }
    g_assert_cmpint(errno, ==, ESRCH);
}

/* --- servers ----------------------------------------------------------------------------------------------------- */

/* Serves connections with one thread, as the function says, until the process ends. */
typedef struct {
    int fd;
    void (*serve)(int fd, const char *text);
    const char *text;
} Server;

static gpointer serve_all(gpointer data)
{
    Server *server = data;

    for (;;) {
        int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
            return NULL;
        server->serve(fd, server->text);
        close(fd);
    }
}

/* Returns the port. */
static guint start_server(int family, void (*serve)(int fd, const char *text), const char *text)
{
    Server *server = g_new0(Server, 1);
    struct sockaddr_in ip4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in6 bound = {.sin6_port = 0};
    socklen_t size = sizeof(bound);

    *server = (Server){.fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), .serve = serve, .text = text};
    if (bind(server->fd, family == AF_INET ? (struct sockaddr *)&ip4 : (struct sockaddr *)&ip6,
             family == AF_INET ? sizeof(ip4) : sizeof(ip6)) != 0)
        return 0;
    g_assert_cmpint(listen(server->fd, 10), ==, 0);
    getsockname(server->fd, (struct sockaddr *)&bound, &size);
    g_thread_unref(g_thread_new("server", serve_all, server));
    return ntohs(bound.sin6_port); /* at the same place in both */
}

static void answer(int fd, const char *text)
{
    char request[4096];

    (void)!read(fd, request, sizeof(request));
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void answer_nothing(int fd, const char *text)
{
    g_usleep(2 * G_USEC_PER_SEC);
}

/* Forever, and slowly. */
static void drip(int fd, const char *text)
{
    while (send(fd, text, strlen(text), MSG_NOSIGNAL) > 0)
        g_usleep(20000);
}

static void flood(int fd, const char *text)
{
    while (send(fd, text, strlen(text), MSG_NOSIGNAL) > 0)
        ;
}

static void answer_and_flood(int fd, const char *text)
{
    answer(fd, "HTTP/1.1 200 OK\r\n\r\n");
    flood(fd, "data data data data data data data data data data data data\n");
}

static void an_http_status_decides(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *answer, *status;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "STATUS=healthy: HTTP 200\n"},
        {"HTTP/1.0 302 Found\r\nLocation: /x\r\n\r\n", "STATUS=healthy: HTTP 302\n"},
        {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "STATUS=healthy: HTTP 204\n"},
        {"HTTP/1.1 503 Service Unavailable\r\n\r\n", "STATUS=starting: 1 probe failed, last: HTTP 503\n"},
        {"HTTP/1.1 404 Not Found\r\n\r\n", "STATUS=starting: 1 probe failed, last: HTTP 404\n"},
        {"+PONG\r\n", "STATUS=starting: 1 probe failed, last: the answer is not HTTP\n"},
        {"HTTP/1.1", "STATUS=starting: 1 probe failed, last: the connection was closed without an answer\n"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint port = start_server(AF_INET, answer, cases[i].answer);

        fixture_start(fixture, "--health-http http://localhost:%u/health -- sleep 99", port);
        fixture_expect(fixture, cases[i].status);
        g_subprocess_send_signal(fixture->process, SIGTERM);
        fixture_wait(fixture);
        g_string_truncate(fixture->heard, 0);
    }
}

static void hostile_servers_are_bounded(Fixture *fixture, gconstpointer data)
{
    static const struct {
        void (*serve)(int fd, const char *text);
        const char *text, *status;
    } cases[] = {
        {answer_nothing, "", "STATUS=unhealthy 1/1: not over after 300 ms\n"},
        {drip, "HTTP/1.1 100 Continue\r\n", "STATUS=unhealthy 1/1: not over after 300 ms\n"},
        {flood, "HTTP/1.1 100 Continue\r\nx: y\r\n\r\n", "STATUS=unhealthy 1/1: no status within 16384 bytes\n"},
        {answer_and_flood, "", "STATUS=healthy: HTTP 200\n"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint port = start_server(AF_INET, cases[i].serve, cases[i].text);

        fixture_start(fixture,
                      "--health-http http://127.0.0.1:%u/ --interval 400000 --timeout 300000 --retries 1 -- sleep 99",
                      port);
        fixture_expect(fixture, cases[i].status);
        g_subprocess_send_signal(fixture->process, SIGTERM);
        fixture_wait(fixture);
        g_string_truncate(fixture->heard, 0);
    }
}

static void localhost_is_both_loopback_addresses(Fixture *fixture, gconstpointer data)
{
    guint port = start_server(AF_INET6, answer, "HTTP/1.1 200 OK\r\n\r\n");

    if (port == 0) {
        g_test_skip("no IPv6 here");
        return;
    }
    fixture_start(fixture, "--health-tcp %u -- sleep 99", port);
    fixture_expect(fixture, "READY=1\n");
    fixture_expect(fixture, "STATUS=healthy\n");
}

static void a_port_without_server_is_refused(Fixture *fixture, gconstpointer data)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    g_autofree char *wanted = NULL;

    /* Bound, so that nobody else takes it, but not listening. */
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    getsockname(fd, (struct sockaddr *)&address, &size);
    fixture_start(fixture, "--health-tcp localhost:%u -- sleep 99", ntohs(address.sin_port));
    wanted = g_strdup_printf("STATUS=starting: 1 probe failed, last: 127.0.0.1:%u: Connection refused\n",
                             ntohs(address.sin_port));
    fixture_expect(fixture, wanted);
    close(fd);
}

static void a_host_that_nobody_knows_is_named(Fixture *fixture, gconstpointer data)
{
    fixture_start(fixture, "--health-tcp no.such.host.invalid:80 -- sleep 99");
    fixture_expect(
        fixture,
        "STATUS=starting: 1 probe failed, last: 'no.such.host.invalid' is no address, and not in /etc/hosts\n");
}

static void a_socket_in_the_file_system_is_reached(Fixture *fixture, gconstpointer data)
{
    static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};

    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *path = g_strdup_printf("%s/socket%u", fixture->folder, (guint)i);
        int fd = bind_socket(path, types[i]);

        if (types[i] != SOCK_DGRAM)
            g_assert_cmpint(listen(fd, 1), ==, 0);
        fixture_start(fixture, "--health-unix %s -- sleep 99", path);
        fixture_expect(fixture, "READY=1\n");
        g_subprocess_send_signal(fixture->process, SIGTERM);
        fixture_wait(fixture);
        g_string_truncate(fixture->heard, 0);
        close(fd);
    }
    fixture_start(fixture, "--health-unix /nonexistent -- sleep 99");
    fixture_expect(fixture, "STATUS=starting: 1 probe failed, last: /nonexistent: No such file or directory\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_nonnull(g_getenv("GOURD_INIT"));
#define ADD(name) g_test_add("/init/run/" #name, Fixture, NULL, fixture_set_up, name, fixture_tear_down)
    ADD(ready_is_said_at_the_first_success);
    ADD(an_abstract_socket_is_heard_too);
    ADD(without_a_socket_the_program_runs_and_is_probed);
    ADD(the_program_does_not_see_what_is_said_for_it);
    ADD(a_program_that_speaks_for_itself_is_let);
    ADD(the_watchdog_is_fed_between_probes);
    ADD(the_watchdog_of_another_process_is_not_fed);
    ADD(failures_in_a_row_trigger_the_watchdog);
    ADD(a_service_that_never_becomes_healthy_is_given_up);
    ADD(an_unhealthy_service_can_recover);
    ADD(an_unhealthy_service_says_why_to_the_end);
    ADD(after_the_stop_signal_nothing_is_probed_but_the_watchdog_fed);
    ADD(what_cannot_be_sent_is_sent_later);
    ADD(ready_on_exec_is_said_when_the_program_runs);
    ADD(beside_the_program_is_the_process_that_was_started);
    ADD(the_text_of_a_probe_cannot_do_harm);
    ADD(the_last_line_of_a_failure_is_shown);
    ADD(endless_output_is_no_harm);
    ADD(a_probe_of_a_missing_program_says_so);
    ADD(a_probe_that_hangs_is_killed_with_all_it_started);
    ADD(an_http_status_decides);
    ADD(hostile_servers_are_bounded);
    ADD(localhost_is_both_loopback_addresses);
    ADD(a_port_without_server_is_refused);
    ADD(a_host_that_nobody_knows_is_named);
    ADD(a_socket_in_the_file_system_is_reached);
    return g_test_run();
}
