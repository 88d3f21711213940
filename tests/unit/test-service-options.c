// SPDX-License-Identifier: LGPL-2.1-or-later
/* Options of services as JSON, and what is secret of them. */
#include "service/service.h"

#include <string.h>

static ServiceOptions parse(const char *json, const char *secrets)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) object = json_parse(json, strlen(json), &error);
    g_autoptr(Json) secret = secrets ? json_parse(secrets, strlen(secrets), &error) : NULL;
    ServiceOptions options;

    g_assert_no_error(error);
    g_assert_true(service_options_from_json(object, secret, &options, &error));
    g_assert_no_error(error);
    return options;
}

static char *to_text(Json *json)
{
    g_autofree char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    return g_strdup(text ? text : "");
}

static void options_that_say_nothing_are_an_empty_object(void)
{
    ServiceOptions options;

    service_options_init(&options);
    g_autofree char *text = to_text(service_options_to_json(&options));
    g_assert_cmpstr(text, ==, "{}");
    g_assert_null(service_options_secrets_to_json(&options));
    g_assert_cmpint(options.pids, ==, SERVICE_UNSET);
    g_assert_cmpint(options.steady_sec, ==, SERVICE_UNSET);
    g_assert_null(options.command);
    service_options_clear(&options);
}

/* Each kind of member, with values at the ends of what they hold. */
#define EVERYTHING                                                                                      \
    "{\"description\":\"a \303\274\",\"entrypoint\":[],\"command\":[\"a\",\"\",{\"base64\":\"/w==\"}]," \
    "\"volumes\":[\"/a\"],\"writable_volatile\":true,\"network\":\"none\",\"profile\":\"trusted\","     \
    "\"memory\":9223372036854775807,\"cpus_per_mille\":0,\"pids\":1,\"restart\":\"on-failure\"}"

static void options_come_back_from_json_as_they_were(void)
{
    ServiceOptions options = parse(EVERYTHING, NULL), copy;

    g_assert_nonnull(options.entrypoint);
    g_assert_null(options.entrypoint[0]);
    g_assert_cmpstr(options.command[2], ==, "\xff");
    g_assert_cmpint(options.network, ==, SERVICE_NETWORK_NONE);
    g_assert_cmpint(options.profile, ==, SERVICE_PROFILE_TRUSTED);
    g_assert_cmpint(options.restart, ==, SERVICE_RESTART_ON_FAILURE);
    service_options_copy(&options, &copy);
    service_options_clear(&options);
    g_autofree char *text = to_text(service_options_to_json(&copy));
    g_assert_cmpstr(text, ==, EVERYTHING);
    service_options_clear(&copy);
}

static void secrets_are_apart(void)
{
    ServiceOptions options = parse("{\"environment\":[\"A=1\",\"DB_PASSWORD=x\",\"TOKEN\",\"B=2\"],"
                                   "\"secret_environment\":[\"C=3\"]}",
                                   NULL);
    g_autofree char *plain = to_text(service_options_to_json(&options));
    g_autofree char *secret = to_text(service_options_secrets_to_json(&options));

    g_assert_cmpstr(plain, ==, "{\"environment\":[\"A=1\",\"TOKEN\",\"B=2\"]}");
    g_assert_cmpstr(secret, ==, "{\"environment\":[\"DB_PASSWORD=x\"],\"secret_environment\":[\"C=3\"]}");
    service_options_clear(&options);

    options = parse(plain, secret);
    g_assert_cmpuint(g_strv_length(options.environment), ==, 4);
    g_assert_cmpstr(options.environment[3], ==, "DB_PASSWORD=x");
    g_assert_cmpstr(options.secret_environment[0], ==, "C=3");
    service_options_clear(&options);
}

static void what_is_no_option_is_refused(void)
{
    static const struct {
        const char *json;
        GourdError code;
        const char *message;
    } cases[] = {
        {"[]", GOURD_ERROR_INPUT, "options are not an object"},
        {"{\"colour\": 1}", GOURD_ERROR_UNSUPPORTED, "option 'colour' is not known to this version"},
        {"{\"profile\": \"loose\"}", GOURD_ERROR_UNSUPPORTED, "option 'profile' has an unknown value 'loose'"},
        {"{\"profile\": 1}", GOURD_ERROR_INPUT, "option 'profile' is not a string"},
        {"{\"user\": 1}", GOURD_ERROR_INPUT, "option 'user' is not a string"},
        {"{\"command\": \"a\"}", GOURD_ERROR_INPUT, "option 'command' is not a list"},
        {"{\"command\": [1]}", GOURD_ERROR_INPUT, "option 'command' is not a string"},
        {"{\"pids\": -1}", GOURD_ERROR_INPUT, "option 'pids' is not a number from 0"},
        {"{\"pids\": 1.5}", GOURD_ERROR_INPUT, "option 'pids' is not a number from 0"},
        {"{\"memory\": \"1G\"}", GOURD_ERROR_INPUT, "option 'memory' is not a number from 0"},
        {"{\"notify\": 1}", GOURD_ERROR_INPUT, "option 'notify' is not true or false"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Json) json = json_parse(cases[i].json, strlen(cases[i].json), NULL);
        ServiceOptions options;

        g_test_message("%s", cases[i].json);
        g_assert_false(service_options_from_json(json, NULL, &options, &error));
        g_assert_error(error, GOURD_ERROR, (int)cases[i].code);
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

static void names_tell_what_is_secret(void)
{
    static const char *const secret[] = {
        "PASSWORD",
        "POSTGRES_PASSWORD",
        "PGPASSWORD",
        "MYSQL_PWD",
        "db_passwd",
        "GITHUB_TOKEN",
        "API_KEY",
        "apiKey",
        "STRIPE-API-KEY",
        "spring.redis.password",
        "PRIVATE_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "CLIENT_SECRET",
        "SECRET",
        "SENTRY_DSN",
        "DATABASE_URL",
        "GOOGLE_CREDENTIALS",
        "SECRET_KEY_BASE",
        "RABBITMQ_DEFAULT_PASS",
    };
    static const char *const harmless[] = {
        "PATH",          "HOME",
        "PASSWORD_FILE", "POSTGRES_PASSWORD_FILE",
        "MONKEY_PATCH",  "KEYBOARD",
        "COMPASS",       "KEY",
        "DB_HOST",       "TOKEN_TTL",
        "SECRET_NAME",   "PASSWORD_MIN_LENGTH",
        "SSH_KEY_PATH",  "BYPASS_CACHE",
        "PGDATA",        "GPG_KEY",
        "PUBLIC_URL",    "",
        "SECRETS_DIR",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(secret); i++) {
        g_test_message("%s", secret[i]);
        g_assert_true(service_environment_is_secret(secret[i]));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(harmless); i++) {
        g_test_message("%s", harmless[i]);
        g_assert_false(service_environment_is_secret(harmless[i]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/service-options/options_that_say_nothing_are_an_empty_object",
                    options_that_say_nothing_are_an_empty_object);
    g_test_add_func("/service-options/options_come_back_from_json_as_they_were",
                    options_come_back_from_json_as_they_were);
    g_test_add_func("/service-options/secrets_are_apart", secrets_are_apart);
    g_test_add_func("/service-options/what_is_no_option_is_refused", what_is_no_option_is_refused);
    g_test_add_func("/service-options/names_tell_what_is_secret", names_tell_what_is_secret);
    return g_test_run();
}
