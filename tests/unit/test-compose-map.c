// SPDX-License-Identifier: LGPL-2.1-or-later
/* What keys of a Compose file become: options of services, networks of the stack, notes, errors. */
#include "compose-fixture.h"

#include "compose/keys.h"

/* --- options ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *keys, *options, *top;
} option_cases[] = {
    {"command: [a, b c], entrypoint: x 'y z'", "{'command':['a','b c'],'entrypoint':['x','y z']}", NULL},
    {"environment: {A: 1, B: , C: \"x y\"}, working_dir: /w, user: \"1:2\", group_add: [3, a]",
     "{'environment':['A=1','C=x y'],'groups':['3','a'],'user':'1:2','working_dir':'/w'}", NULL},
    {"restart: unless-stopped", "{'restart':'always'}", NULL},
    {"restart: on-failure:3", "{'restart':'on-failure','restart_max':3}", NULL},
    {"deploy: {restart_policy: {condition: on-failure, delay: 5s, max_attempts: 2, window: 1m}}",
     "{'restart':'on-failure','restart_delay_usec':5000000,'restart_max':2,'restart_window_usec':60000000}", NULL},
    {"stop_signal: SIGINT, stop_grace_period: 1m30s, init: true",
     "{'init':true,'stop_signal':'SIGINT','stop_timeout_usec':90000000}", NULL},
    {"healthcheck: {test: curl x, interval: 10s, timeout: 2s, retries: 5, start_period: 1m}",
     "{'health_interval_usec':10000000,'health_retries':5,'health_start_period_usec':60000000,"
     "'health_test':['CMD-SHELL','curl x'],'health_timeout_usec':2000000}",
     NULL},
    {"healthcheck: {disable: true}", "{'no_healthcheck':true}", NULL},
    {"mem_limit: 1g", "{'memory':1073741824,'swap':1073741824}", NULL},
    {"mem_limit: 1g, memswap_limit: 1g, mem_reservation: 1m", "{'memory':1073741824,'memory_low':1048576,'swap':0}",
     NULL},
    {"mem_limit: 1g, memswap_limit: -1", "{'memory':1073741824}", NULL},
    {"cpus: 0.5, cpu_shares: 512, cpuset: \"0,1\", pids_limit: 9",
     "{'cpu_shares':512,'cpus_per_mille':500,'cpuset':'0,1','pids':9}", NULL},
    {"cpu_quota: 50000, cpu_period: 200000", "{'cpu_period_usec':200000,'cpus_per_mille':250}", NULL},
    {"deploy: {resources: {limits: {cpus: \"1.5\", memory: 8m, pids: 3}, reservations: {memory: 1k}}}",
     "{'cpus_per_mille':1500,'memory':8388608,'memory_low':1024,'pids':3,'swap':8388608}", NULL},
    {"tmpfs: [/t, \"/u:size=2m\", \"/t:size=1m\"]", "{'tmpfs':['/u:size=2m','/t:size=1m']}", NULL},
    {"ulimits: {nofile: 5, nproc: {soft: 1, hard: -1}}, oom_score_adj: -5, shm_size: 1m",
     "{'oom_score_adj':'-5','shm_size':1048576,'ulimits':['nofile=5','nproc=1:-1']}", NULL},
    {"blkio_config: {weight: 9, weight_device: [{path: /dev/a, weight: 8}], device_read_bps: [{path: /dev/b, rate: 1k}]}",
     "{'blkio_weight':9,'io_read_bytes':['/dev/b:1024'],'io_weights':['/dev/a:8']}", NULL},
    {"cap_add: [NET_ADMIN], cap_drop: [ALL], security_opt: [\"no-new-privileges:false\", \"apparmor=x\"]",
     "{'allow':['new-privileges'],'apparmor':'x','cap_add':['NET_ADMIN'],'cap_drop':['ALL']}", NULL},
    {"security_opt: [seccomp=unconfined, \"label:type:t\", \"label:level:s0:c1\"], ipc: host, pid: host",
     "{'allow':['ipc','processes','syscalls'],'selinux':'system_u:system_r:t:s0:c1'}", NULL},
    {"devices: [\"/dev/a:/dev/b:r\", /dev/c], device_cgroup_rules: [\"c 1:3 r\"]",
     "{'device_rules':['c 1:3 r'],'devices':['/dev/a:/dev/b:r','/dev/c:/dev/c:rwm']}", NULL},
    {"container_name: db1, labels: [a=b, c]", "{'aliases':['db1'],'labels':['a=b','c=']}", NULL},
    {"tmpfs: /t, volumes: [{type: tmpfs, target: /u, tmpfs: {size: 1k, mode: 0700}}]",
     "{'tmpfs':['/t','/u:size=1024,mode=0700']}", NULL},
    {"x-gourd: {allow: [jit], writable: /a}", "{'allow':['jit'],'writable':['/a']}", NULL},
    {"volumes: [\"/s:/t:ro\", {type: bind, source: /a, target: /b, bind: {recursive: disabled}}]",
     "{'binds':['/s:/t:ro,create','/a:/b:create,norbind']}", NULL},
    {"volumes: [\"v:/v\", /anonymous, {type: volume, source: v, target: /w, volume: {nocopy: true, subpath: s/t}}]",
     "{'volumes':['v:/v','/anonymous','v:/w:nocopy,subpath=s/t']}", "volumes: {v: }"},
    {"volumes: [\"e:/e:ro\", \"b:/b\", \"t:/t\"]",
     "{'binds':['/data:/b'],'tmpfs':['/t:size=1m'],'volumes':['other/data_1:/e:ro,external']}",
     "volumes: {e: {external: true, name: other_data_1}, b: {driver_opts: {type: none, o: bind, device: /data}}, "
     "t: {driver_opts: {type: tmpfs, o: size=1m}}}"},
    {"post_start: [{command: a 'b c', environment: {X: y z}}], pre_stop: [{command: [d], privileged: true, user: root}]",
     "{'post_start':[''X=y z' 'a' 'b c''],'pre_stop':['!'d'']}", NULL},
    {"logging: {driver: local, options: {max-size: 1m, max-file: 3, tag: t}}", "{'log_max':3145728,'log_tag':'t'}",
     NULL},
    {"logging: {driver: none}", "{'no_log':true}", NULL},
    {"secrets: [f, v], configs: [{source: c, target: /etc/c}]", "{'secret_files':['/key:/run/secrets/f']}",
     "secrets: {f: {file: /key}, v: {environment: VARIABLE}}\nconfigs: {c: {content: \"a $VARIABLE\"}}"},
};

static void keys_become_options(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(option_cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Notes) notes = notes_new();
        g_autoptr(Stack) stack = read_service(option_cases[i].keys, option_cases[i].top, notes, &error);

        g_assert_no_error(error);
        g_autofree char *text = options_text(stack);
        g_assert_cmpstr(text, ==, option_cases[i].options);
        g_assert_cmpuint(notes_list(notes)->len, ==, 0);
    }
}

/* --- networks ------------------------------------------------------------------------------------------------------ */

static void ports_and_names_become_the_network(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Stack)
        stack = read_service("ports: [\"127.0.0.1:8080:80/udp\"], expose: [5], hostname: h, domainname: d, "
                             "extra_hosts: [\"a:1.1.1.1\"], dns: 9.9.9.9, sysctls: {net.core.somaxconn: 4}, "
                             "networks: {n: {aliases: [x], ipv4_address: 10.1.0.5, priority: 3}}",
                             "networks: {n: {internal: true, driver_opts: {com.docker.network.driver.mtu: 1400}, "
                             "ipam: {config: [{subnet: 10.1.0.0/24, gateway: 10.1.0.1}]}}}\n"
                             "x-gourd: {network: private}",
                             NULL, &error);

    g_assert_no_error(error);
    const StackNetwork *network = stack->network;
    const ServiceNet *net = g_ptr_array_index(network->nets, 0);
    const ServiceNetMember *member = g_ptr_array_index(network->members, 0);
    const ServiceNetLink *link = g_ptr_array_index(member->links, 0);
    const ServiceNetPort *port = g_ptr_array_index(member->ports, 0);

    g_assert_cmpint(network->mode, ==, STACK_NETWORK_PRIVATE);
    g_assert_cmpstr(net->host_name, ==, "shop_n");
    g_assert_true(net->internal);
    g_assert_cmpint(net->mtu, ==, 1400);
    g_assert_cmpstr(net->subnets[0], ==, "10.1.0.0/24");
    g_assert_cmpstr(net->gateway, ==, "10.1.0.1");
    g_assert_cmpstr(member->unit, ==, "shop-web.service");
    g_assert_cmpstr(member->hostname, ==, "h");
    g_assert_cmpstr(member->extra_hosts[0], ==, "a=1.1.1.1");
    g_assert_cmpstr(member->dns[0], ==, "9.9.9.9");
    g_assert_cmpstr(member->sysctls[0], ==, "net.core.somaxconn=4");
    g_assert_cmpstr(member->expose[0], ==, "5");
    g_assert_cmpstr(link->network, ==, "n");
    g_assert_cmpstr(link->aliases[0], ==, "x");
    g_assert_cmpstr(link->ipv4, ==, "10.1.0.5");
    g_assert_cmpint(link->priority, ==, 3);
    g_assert_cmpstr(port->address, ==, "127.0.0.1");
    g_assert_cmpuint(port->published, ==, 8080);
    g_assert_cmpuint(port->target, ==, 80);
    g_assert_true(port->is_udp);
}

static void dependencies_have_their_conditions(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Stack)
        stack = read_stack("services:\n"
                           "  web: {image: a, depends_on: {db: {condition: service_healthy, restart: true},"
                           " init: {condition: service_completed_successfully}}}\n"
                           "  db: {image: b, healthcheck: {test: x}}\n"
                           "  init: {image: c, links: [db]}\n",
                           NULL, &error);

    g_assert_no_error(error);
    const StackService *web = stack_find_service(stack, "web"), *init = stack_find_service(stack, "init");
    const StackDependency *first = g_ptr_array_index(web->depends, 0);

    g_assert_cmpstr(first->service, ==, "db");
    g_assert_cmpint(first->condition, ==, STACK_HEALTHY);
    g_assert_true(first->restart);
    g_assert_true(init->options.oneshot);
    g_assert_cmpuint(init->depends->len, ==, 1);
    g_assert_true(stack->services->pdata[2] == web);
}

/* --- notes and errors ---------------------------------------------------------------------------------------------- */

static void what_is_done_differently_is_noted(void)
{
    static const char *const cases[] = {
        "pull_policy: always",
        "tty: true",
        "stdin_open: true",
        "platform: linux/amd64",
        "oom_kill_disable: true",
        "cgroup: private",
        "cgroup_parent: x",
        "logging: {driver: syslog}",
        "develop: {watch: []}",
        "deploy: {placement: {constraints: [a]}}",
        "labels: {traefik.enable: \"true\"}",
        "network_mode: bridge",
        "security_opt: [\"apparmor=docker-default\"]",
        "ports: [\"90-99:80\"]",
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Notes) notes = notes_new();
        g_autoptr(Stack) stack = read_service(cases[i], NULL, notes, &error);

        g_assert_no_error(error);
        g_assert_nonnull(stack);
        g_assert_cmpuint(notes_list(notes)->len, ==, 1);
        const Note *note = g_ptr_array_index(notes_list(notes), 0);
        g_assert_true(g_str_has_prefix(note->kind, "compose-"));
        g_assert_cmpstr(g_ptr_array_index(note->subjects, 0), ==, "web");
    }
}

static void what_cannot_be_done_is_an_error_with_a_place_and_a_hint(void)
{
    static const char *const cases[] = {
        "privileged: true",
        "gpus: all",
        "runtime: nvidia",
        "isolation: hyperv",
        "mem_swappiness: 5",
        "storage_opt: {size: 1g}",
        "use_api_socket: true",
        "provider: {type: x}",
        "credential_spec: {file: a}",
        "cpu_rt_period: 5",
        "post_start: [{command: a, user: other}]",
        "pre_stop: [{command: a, working_dir: /}]",
        "network_mode: \"container:x\"",
        "container_name: x, network_mode: \"container:x\"",
        "platform: windows/amd64",
        "scale: 2, ports: [\"80:80\"]",
        "scale: 2, ports: [80]",
        "scale: 3, ports: [\"80-81:80\"]",
        "scale: 2, networks: {default: {ipv4_address: 10.0.0.1}}",
        "scale: 2, container_name: a",
        "scale: 1001",
        "deploy: {mode: replicated-job}",
        "sysctls: {kernel.shmmax: 1}",
        "security_opt: [mask=/a]",
        "ipc: \"container:x\"",
        "volumes: [{type: npipe, source: a, target: /b}]",
        "ports: [\"80:80/sctp\"]",
        "x-gourd: {nothing: 1}",
        "cpus: 1, cpu_quota: 5",
        "devices: [nvidia.com/gpu=all]",
        "mem_limit: 1m",
        "ulimits: {nofile: {soft: 20, hard: 10}}",
        "ulimits: {nofile: {soft: -1, hard: 10}}",
        "dns: [resolver]",
        "pid: x",
        "uts: x",
        "userns_mode: x",
        "pull_policy: sometimes",
        "healthcheck: {test: [CMD]}",
        "healthcheck: {test: \"\"}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Stack) stack = read_service(cases[i], NULL, NULL, &error);

        if (stack || !error)
            g_error("%s is no error", cases[i]);
        g_assert_true(error->domain == GOURD_ERROR);
        g_assert_nonnull(strstr(error->message, "compose.yaml:1:"));
        g_assert_nonnull(strstr(error->message, "services.web."));
    }
}

static void all_that_is_refused_is_named_at_once(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Stack)
        stack = read_stack("services:\n  a: {image: x, privileged: true}\n  b:\n    image: x\n    scale: 2\n"
                           "    gpus: all\n    runtime: nvidia\n",
                           NULL, &error);

    g_assert_null(stack);
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message,
                            "compose.yaml:2:17: services.a.privileged: systemd services have nothing like "
                            "it; refused too: b.gpus (line 6), b.runtime (line 7)"));
    g_clear_error(&error);
    /* What is wrong in another way comes first. */
    g_assert_null(read_service("gpus: all, restart: sometimes", NULL, NULL, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

static void a_named_volume_may_have_a_label_of_selinux(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(Stack) stack = read_service("volumes: [\"v:/v:ro,z\"]", "volumes: {v: }", notes, &error);

    g_assert_no_error(error);
    g_autofree char *text = options_text(stack);
    g_assert_cmpstr(text, ==, "{'volumes':['v:/v:ro']}");
    g_assert_cmpuint(notes_list(notes)->len, ==, 1);
}

static void external_volumes_are_those_of_others_or_of_nobody(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(Stack)
        stack = read_service("volumes: [\"a:/a\", \"b:/b:ro,rshared\"]",
                             "volumes: {a: {external: true, name: shop_db}, b: {external: true, name: pg}}", notes,
                             &error);

    g_assert_no_error(error);
    g_autofree char *text = options_text(stack);
    g_assert_cmpstr(text, ==, "{'volumes':['shop/db:/a:external','External_volumes/pg:/b:ro']}");
    g_assert_cmpuint(notes_list(notes)->len, ==, 2);
}

static void what_is_a_file_is_no_folder_to_be_made(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Stack) stack = read_service("volumes: [\"/etc/passwd:/a\", \"/etc:/b\", \"/run/none/podman.sock:/c:ro\"]",
                                          NULL, NULL, &error);

    g_assert_no_error(error);
    g_autofree char *text = options_text(stack);
    g_assert_cmpstr(text, ==, "{'binds':['/etc/passwd:/a:file','/etc:/b:create','/run/none/podman.sock:/c:ro,file']}");
}

static void names_that_meet_are_an_error(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"services: {a: {image: x, container_name: c}, b: {image: x, container_name: c}}",
         "services.b.container_name: the service 'a' is called 'c' already"},
        {"services: {a: {image: x, container_name: shop-b}, b: {image: x}}",
         "a: the service 'b' is called 'shop-b' on this host"},
        {"services: {a_b: {image: x}, a-b: {image: x}}", "would both be called 'shop-a-b'"},
        {"services: {\"a b\": {image: x}}", "services.a b: this is no name"},
        {"services: {a: {image: x, networks: [n]}}\nnetworks: {n: {ipam: {config: [{subnet: 10.0.0.0/33}]}}}",
         "subnet: '10.0.0.0/33' is not a range"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Stack) stack = read_stack(cases[i].text, NULL, &error);

        g_assert_null(stack);
        g_assert_nonnull(strstr(error->message, cases[i].message));
    }
}

static void an_error_of_a_service_names_keys_not_options(void)
{
    g_autoptr(GError) error = NULL;

    gourd_error_set(&error, GOURD_ERROR_USAGE, "--ulimit 'x' is not NAME=SOFT[:HARD]");
    gourd_error_hint(&error, "--no-healthcheck");
    stack_say_keys(&error);
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_autofree char *message = NULL, *hint = NULL;
    gourd_error_split(error, &message, &hint);
    g_assert_cmpstr(message, ==, "ulimits 'x' is not NAME=SOFT[:HARD]");
    g_assert_cmpstr(hint, ==, "healthcheck: {disable: true}");
}

/* --- replicas ------------------------------------------------------------------------------------------------------ */

static char *list_services(const Stack *stack)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < stack->services->len; i++) {
        const StackService *service = g_ptr_array_index(stack->services, i);
        const ServiceOptions *options = &service->options;

        g_string_append_printf(text, "%s%s", i ? " " : "", service->full_name);
        if (options->replica_of)
            g_string_append_printf(text, "(%s)", options->replica_of);
        for (char **unit = options->requires; unit && *unit; unit++)
            g_string_append_printf(text, "!%s", *unit);
        for (char **unit = options->wants; unit && *unit; unit++)
            g_string_append_printf(text, "?%s", *unit);
    }
    return g_string_free(text, FALSE);
}

static void replicas_are_services(void)
{
    static const struct {
        const char *text, *services;
    } cases[] = {
        {"web: {image: a, scale: 2}", "shop-web-1(shop-web) shop-web-2(shop-web)"},
        {"web: {image: a, deploy: {replicas: 1}}", "shop-web-1(shop-web)"},
        {"web: {image: a, scale: 0}, b: {image: b, depends_on: [web]}", "shop-b"},
        {"web: {image: a, scale: 0, privileged: true}", ""},
        {"web: {image: a, scale: 2}, b: {image: b, depends_on: [web]}",
         "shop-web-1(shop-web) shop-web-2(shop-web) shop-b?shop-web.all.target"},
        {"web: {image: a, scale: 2}, b: {image: b, depends_on: {web: {condition: service_completed_successfully}}}",
         "shop-web-1(shop-web) shop-web-2(shop-web) shop-b!shop-web-1.service!shop-web-2.service"},
        {"web: {image: a, scale: 2}, b: {image: b, network_mode: \"service:web\"}",
         "shop-web-1(shop-web) shop-web-2(shop-web) shop-b!shop-web-1.service!shop-web-2.service"},
        {"web: {image: a, container_name: w}, b: {image: b, network_mode: \"container:w\"}",
         "shop-web shop-b!shop-web.service"},
        {"web: {image: a}, b: {image: b, network_mode: \"container:shop-web-1\"}", "shop-web shop-b!shop-web.service"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("services: {%s}", cases[i].text);
        g_autoptr(GError) error = NULL;
        g_autoptr(Stack) stack = read_stack(text, NULL, &error);

        g_assert_no_error(error);
        g_autofree char *services = list_services(stack);
        g_assert_cmpstr(services, ==, cases[i].services);
    }
}

static void replicas_share_out_a_range_of_ports(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Stack) stack = read_service("scale: 2, ports: [\"8000-8001:80\"]", NULL, NULL, &error);

    g_assert_no_error(error);
    for (guint i = 0; i < 2; i++) {
        const ServiceNetMember *member = g_ptr_array_index(stack->network->members, i);
        const ServiceNetPort *port = g_ptr_array_index(member->ports, 0);

        g_assert_cmpstr(member->replica_of, ==, "web");
        g_assert_cmpuint(port->published, ==, 8000 + i);
        g_assert_cmpuint(port->target, ==, 80);
    }
}

/* --- images that are built ----------------------------------------------------------------------------------------- */

static char *command_of(const char *keys, guint builder, GError **error)
{
    g_autoptr(Stack) stack = read_service(keys, "secrets: {f: {file: /key}, v: {environment: VARIABLE}}", NULL, error);

    g_assert_nonnull(stack);
    const StackBuild *build = stack_find_service(stack, "web")->build;
    g_auto(GStrv) argv = stack_build_command(build, builder, "app", build->dockerfile, "/number", FALSE, error);
    return argv ? g_strjoinv(" ", argv) : NULL;
}

static void an_image_is_built_as_the_file_says(void)
{
    static const struct {
        const char *build, *words;
    } cases[] = {
        {"{context: /c}", "--file /c/Dockerfile /c"},
        {"{context: /c, dockerfile: /d/D, target: t, no_cache: true, pull: true}",
         "--file /d/D --no-cache --pull --target t /c"},
        {"{context: \"https://x/y.git#main\", dockerfile: a/D}", "--file a/D https://x/y.git#main"},
        {"{context: /c, args: {A: 1, VARIABLE: , MISSING: }, labels: [a=b], tags: [x:1]}",
         "--file /c/Dockerfile --build-arg A=1 --build-arg VARIABLE=value --label a=b --tag x:1 /c"},
        {"{context: /c, secrets: [f, v, {source: f, target: other}], ssh: [default]}",
         "--file /c/Dockerfile --ssh default --secret id=f,src=/key --secret id=v,env=VARIABLE --secret id=other,src=/key /c"},
        {"{context: /c, extra_hosts: [\"h=1.1.1.1\"], ulimits: {nofile: 5}, shm_size: 1k, network: host}",
         "--file /c/Dockerfile --network host --shm-size 1024 --add-host h:1.1.1.1 --ulimit nofile=5:5 /c"},
        {"{context: /c, additional_contexts: {a: /b}, platforms: [linux/arm64]}",
         "--file /c/Dockerfile --build-context a=/b --platform linux/arm64 /c"},
        {"{context: /c, privileged: true, entitlements: [network.host]}",
         "--file /c/Dockerfile --allow network.host --allow=security.insecure /c"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *keys = g_strdup_printf("build: %s", cases[i].build);
        g_autofree char *wanted = g_strconcat("docker build --iidfile /number --tag app ", cases[i].words, NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *command = command_of(keys, STACK_BUILDER_DOCKER, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(command, ==, wanted);
    }
}

static void what_a_builder_lacks_is_said(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *command = command_of("build: {context: /c}", STACK_BUILDER_BUILDAH, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(command, ==,
                    "buildah build --format docker --layers --iidfile /number --tag app --file /c/Dockerfile /c");
    g_assert_null(command_of("build: {context: /c, privileged: true}", STACK_BUILDER_PODMAN, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "build.privileged: podman"));
}

/* --- all members of the schema ------------------------------------------------------------------------------------- */

/* As deep as the schema is. */
static void check_members(const ComposeField *field, const char *path) /* NOLINT(misc-no-recursion) */
{
    const ComposeMember *member = compose_find_member(path);
    gboolean has_below = field->members || (field->item && field->item->members);

    if (member && (member->note || g_str_has_suffix(member->path, ".**")))
        return;
    /* A scalar of a service itself is a row of keys.def. */
    if (!member && !has_below && !(g_str_has_prefix(path, "services.*.") && !strchr(path + strlen("services.*."), '.')))
        g_error("members.def has no row for '%s'", path);
    for (const ComposeField *below = field->members; below && below->name; below++) {
        g_autofree char *its_path = g_strconcat(path, *path ? "." : "", below->name, NULL);

        check_members(below, its_path);
    }
    if (field->item && field->item->members) {
        g_autofree char *its_path = g_strconcat(path, "[]", NULL);

        check_members(field->item, its_path);
    }
}

static gboolean is_in_schema(const ComposeField *field, const char *path)
{
    g_auto(GStrv) steps = g_strsplit(path, ".", -1);

    for (char **step = steps; *step; step++) {
        gboolean is_item = g_str_has_suffix(*step, "[]");
        g_autofree char *name = g_strndup(*step, strlen(*step) - (is_item ? 2 : 0));

        if (strcmp(name, "**") == 0)
            return TRUE;
        field = field->members ? compose_find_field(field->members, name) : NULL;
        if (field && is_item)
            field = field->item;
        if (!field)
            return FALSE;
    }
    return TRUE;
}

static void what_becomes_of_each_member_is_known(void)
{
    check_members(&compose_file_field, "");
    for (const ComposeMember *member = compose_members; member->path; member++)
        if (!is_in_schema(&compose_file_field, member->path))
            g_error("members.def has a row for '%s', which there is not", member->path);
}

static void members_that_nothing_is_done_with_are_noted(void)
{
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(GString) kinds = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Stack) stack =
        read_service("ports: [{target: 80, published: 80, name: a, app_protocol: http}], "
                     "volumes: [{type: volume, source: v, target: /v, consistency: cached, volume: {labels: {a: b}}}], "
                     "networks: [n], secrets: [{source: s, uid: 1}]",
                     "networks: {n: {attachable: true, labels: {a: b}, ipam: {options: {a: b}}, driver_opts: {a: b}}}\n"
                     "volumes: {v: {labels: [a], driver_opts: {type: tmpfs, device: tmpfs, size: 1m}}}\n"
                     "secrets: {s: {file: /s, labels: {a: b}}}",
                     notes, &error);

    g_assert_no_error(error);
    g_assert_nonnull(stack);
    for (guint i = 0; i < notes_list(notes)->len; i++)
        g_string_append_printf(kinds, "%s ", ((const Note *)g_ptr_array_index(notes_list(notes), i))->kind);
    g_assert_cmpstr(kinds->str, ==,
                    "compose-driver-opts compose-networks-attachable compose-networks-ipam-options "
                    "compose-networks-labels compose-ports-app-protocol compose-ports-name compose-secrets-labels "
                    "compose-secrets-uid compose-volumes-consistency compose-volumes-driver-opts "
                    "compose-volumes-labels compose-volumes-volume-labels ");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/compose-map/keys_become_options", keys_become_options);
    g_test_add_func("/compose-map/ports_and_names_become_the_network", ports_and_names_become_the_network);
    g_test_add_func("/compose-map/dependencies_have_their_conditions", dependencies_have_their_conditions);
    g_test_add_func("/compose-map/what_is_done_differently_is_noted", what_is_done_differently_is_noted);
    g_test_add_func("/compose-map/what_cannot_be_done_is_an_error_with_a_place_and_a_hint",
                    what_cannot_be_done_is_an_error_with_a_place_and_a_hint);
    g_test_add_func("/compose-map/all_that_is_refused_is_named_at_once", all_that_is_refused_is_named_at_once);
    g_test_add_func("/compose-map/a_named_volume_may_have_a_label_of_selinux",
                    a_named_volume_may_have_a_label_of_selinux);
    g_test_add_func("/compose-map/external_volumes_are_those_of_others_or_of_nobody",
                    external_volumes_are_those_of_others_or_of_nobody);
    g_test_add_func("/compose-map/what_is_a_file_is_no_folder_to_be_made", what_is_a_file_is_no_folder_to_be_made);
    g_test_add_func("/compose-map/names_that_meet_are_an_error", names_that_meet_are_an_error);
    g_test_add_func("/compose-map/an_error_of_a_service_names_keys_not_options",
                    an_error_of_a_service_names_keys_not_options);
    g_test_add_func("/compose-map/replicas_are_services", replicas_are_services);
    g_test_add_func("/compose-map/replicas_share_out_a_range_of_ports", replicas_share_out_a_range_of_ports);
    g_test_add_func("/compose-map/an_image_is_built_as_the_file_says", an_image_is_built_as_the_file_says);
    g_test_add_func("/compose-map/what_a_builder_lacks_is_said", what_a_builder_lacks_is_said);
    g_test_add_func("/compose-map/what_becomes_of_each_member_is_known", what_becomes_of_each_member_is_known);
    g_test_add_func("/compose-map/members_that_nothing_is_done_with_are_noted",
                    members_that_nothing_is_done_with_are_noted);
    return g_test_run();
}
