# SPDX-License-Identifier: LGPL-2.1-or-later
"""Services for the golden tests: each function gives a Case, an image and what is asked of it. Its name is that of its golden
file; those of @refused are should-fail-NAME."""

import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "exact"))
from tarmake import file, folder, layer, symlink

PASSWD = """root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
app:x:990:990:an application:/home/app:/bin/sh
db:x:999:998:a database:/var/lib/db:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUP = """root:x:0:
www-data:x:33:app
app:x:990:
taken:x:991:
db:x:998:
nogroup:x:65534:
"""


@dataclass
class Case:
    config: dict                                  # of the image: "Cmd", "Env" …
    options: dict = field(default_factory=dict)   # ServiceOptions as JSON
    files: tuple = ()                             # tar entries besides those of base()
    name: str = "web"
    base: bool = True                             # what most images have: users, a shell
    targets: tuple = ("debian12", "ubuntu24.04", "debian13", "systemd=262")


def program(path, text="\x7fELF"):
    return file(path, text, mode=0o755)


def binary(path, interpreter, machine=0, order="<"):
    """The start of an ELF file with a dynamic loader."""
    header = struct.pack(order + "4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", 2, 1 if order == "<" else 2, 1, 2, machine, 1, 0, 64, 0, 0, 64, 56,
                         1, 0, 0, 0)
    return file(path, header + struct.pack(order + "IIQQQQQQ", 3, 4, 120, 0, 0, len(interpreter) + 1, 0, 1) + interpreter + b"\0",
                mode=0o755)


def base():
    return [folder("etc"), file("etc/passwd", PASSWD), file("etc/group", GROUP), folder("bin"), program("bin/busybox"),
            symlink("bin/sh", "busybox"), program("usr/bin/app"), program("usr/sbin/nginx"), folder("home"), folder("root", mode=0o700),
            folder("var/lib/dpkg"), folder("var/cache/apt"), folder("var/log")]


GOOD, BAD = {}, {}


def service(function):
    GOOD[function.__name__.replace("_", "-")] = function
    return function


def refused(function):
    BAD["should-fail-" + function.__name__.replace("_", "-")] = function
    return function


# --- programs ---------------------------------------------------------------------------------------------------

@service
def the_least_that_an_image_says():
    return Case({"Cmd": ["app"]})


@service
def a_program_that_is_loaded_through_a_link():
    return Case({"Cmd": ["/usr/bin/ls"]}, targets=("debian12",),
                files=(binary("usr/bin/ls", b"/lib64/ld.so"), symlink("lib64", "usr/lib"), program("usr/lib/ld.so")))


@service
def a_program_for_another_processor():
    return Case({"Cmd": ["/usr/bin/ls"], "Healthcheck": {"Test": ["CMD", "/usr/bin/id"]}}, targets=("debian12",),
                files=(binary("usr/bin/ls", b"/usr/lib/ld.so", 183), binary("usr/bin/id", b"/usr/lib/ld.so", 22, ">"),
                       program("usr/lib/ld.so")))


@service
def nothing_in_the_image_but_the_program():
    return Case({"Entrypoint": ["/app"]}, base=False, files=(program("app"),))


@service
def a_command_of_ones_own():
    return Case({"Entrypoint": ["/entrypoint.sh"], "Cmd": ["app", "--serve"], "WorkingDir": "/srv"},
                {"command": ["app", "", "100% $HOME ${X}", "a;b", "line\nbreak", {"base64": "/w=="}]},
                files=(program("entrypoint.sh", "#!/bin/sh\nexec \"$@\"\n"), folder("srv")))


@service
def another_entrypoint_forgets_the_command():
    return Case({"Entrypoint": ["/entrypoint.sh"], "Cmd": ["app"]}, {"entrypoint": ["sh", "-c", "exec app"]})


@service
def a_program_beside_the_working_folder():
    return Case({"Cmd": ["./run", "x"], "WorkingDir": "/srv/app"}, files=(program("srv/app/run"),))


@service
def odd_names_of_variables():
    return Case({"Cmd": ["app"], "Env": ["node.name=a", "discovery.type=single node", "PLAIN=x"]})


@service
def texts_with_all_that_units_take_for_something():
    return Case({"Cmd": ["app"], "Env": ["PERCENT=100%n", "DOLLAR=$HOME", "QUOTES=\"a\" 'b' \\", "LINES=a\nb", "HASH=#x", "EMPTY="],
                 "Labels": {"org.opencontainers.image.title": "An \"app\"\nof 100%",
                            "org.opencontainers.image.documentation": "https://example.org/a%20b",
                            "org.opencontainers.image.url": "javascript:alert(1)",
                            "org.opencontainers.image.source": "https://example.org/\x1b[2J"}})


# --- secrets ----------------------------------------------------------------------------------------------------

@service
def secrets_are_in_files_of_their_own():
    return Case({"Cmd": ["app"], "Env": ["DB_PASSWORD_FILE=/run/secrets/db", "API_KEY=from-the-image"]},
                {"environment": ["DB_PASSWORD=quo\"te$d `x` \\ %h\nsecond line", "LEVEL=debug"],
                 "secret_environment": ["REGION=all of the file is secret"],
                 "secrets": ["SMTP_PASSWORD=/etc/secrets/smtp 100%"], "credentials": ["tls.key=/etc/ssl/key.pem"]})


@service
def a_variable_taken_away():
    return Case({"Cmd": ["app"], "Env": ["KEEP=1", "GO=2", "HOME=/srv"]}, {"environment": ["GO", "PATH=/usr/bin:/bin"]})


# --- users ------------------------------------------------------------------------------------------------------

@service
def the_user_of_the_image():
    return Case({"Cmd": ["app"], "User": "db"})


@service
def a_user_with_other_groups():
    return Case({"Cmd": ["app"], "User": "app"})


@service
def a_number_that_the_image_has_no_name_for():
    return Case({"Cmd": ["app"], "User": "4242"})


@service
def a_home_that_is_the_users_alone():
    return Case({"Cmd": ["./run"], "User": "boss", "WorkingDir": "/home/boss"}, targets=("debian12",),
                files=(file("etc/passwd", PASSWD + "boss:x:1000:1000::/home/boss:/bin/sh\n"),
                       folder("home/boss", mode=0o700, uid=1000, gid=1000), file("home/boss/run", "#!/bin/sh\n", mode=0o755)))


@service
def secrets_that_only_the_user_may_read():
    return Case({"Cmd": ["app"], "User": "4242"}, targets=("debian12",),
                files=(file("etc/app.key", "x", mode=0o600, uid=4242), file("etc/root.key", "x", mode=0o600)))


@service
def a_number_of_the_host():
    return Case({"Cmd": ["app"], "User": "app"}, {"user": "1000:1001"})


@service
def root():
    return Case({"Cmd": ["nginx"], "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/var/lib/db": {}}}, {"user": "root"},
                files=(folder("var/lib/db", uid=999, gid=998, mode=0o700), folder("run/lock", mode=0o1777),
                       folder("run/nginx", uid=33, gid=33)))


@service
def a_name_too_long_for_a_user():
    return Case({"Cmd": ["app"]}, name="a-service.with-a-name-that-is-long", targets=("debian12",))


# --- folders ----------------------------------------------------------------------------------------------------

@service
def volumes_binds_and_temporary_folders():
    return Case({"Cmd": ["app"], "Volumes": {"/data": {}, "/var/lib/db": {}, "/var/run/app": {}}},
                {"volumes": ["/srv/up loads", "cache:/cache"], "binds": ["/etc/app 100%:/etc/app:ro", "/srv/shared:/data/shared"],
                 "tmpfs": ["/scratch:size=64M,noexec", "/dev/shm:size=1G"]},
                files=(folder("data", mode=0o1777), folder("data/shared"), folder("srv/up loads"), folder("cache"), folder("etc/app"),
                       folder("scratch"), folder("var/lib/db", mode=0o700), symlink("var/run", "/run"), folder("run/app")))


@service
def volumes_of_a_stack():
    return Case({"Cmd": ["app"], "User": "app", "Volumes": {"/anonymous": {}}},
                {"stack": "shop", "share_user": True,
                 "volumes": ["media:/media", "media:/media too", "static:/static:ro,nocopy", "conf:/etc/app:subpath=../a/b",
                             "other/data:/data:external", "nfs:/nfs:mounted,ro"],
                 "binds": ["/srv/shop/data:/binds:create", "/srv/flat:/flat:ro,norbind", "/srv/rw:/rw:rw"]},
                files=tuple(folder(name) for name in ("anonymous", "media", "media too", "static", "etc/app", "data", "nfs", "binds",
                                                      "flat", "rw")), name="shop-web", targets=("debian12", "debian13"))


@service
def volumes_of_a_stack_for_images_that_start_as_root():
    return Case({"Cmd": ["app"]}, {"stack": "a-stack-with-a-long-name", "share_user": True, "volumes": ["media:/media"]},
                files=(folder("media"),), name="a-stack-with-a-long-name-web", targets=("debian12",))


@service
def secrets_as_files():
    return Case({"Cmd": ["app"]},
                {"secret_files": ["/etc/secrets/db 100%:/run/secrets/db", "/srv/a:b:/etc/app/key", "/srv/other:/run/other/db"],
                 "encrypted_files": ["/etc/credstore.encrypted/tls:/run/secrets/tls.key"],
                 "secret_texts": ["/run/secrets/token=quo\"te =\n", "/etc/app/web config.yaml="]},
                files=(folder("etc/app"), file("etc/app/key", ""), file("etc/app/web config.yaml", "")), targets=("debian12", "systemd=262"))


@service
def folders_where_services_write():
    return Case({"Cmd": ["app"], "Volumes": {"/var/lib/db": {}}},
                files=(folder("var/lib/db"), folder("var/lib/app"), folder("var/lib/nested/a"), folder("var/lib/nested/b/c"),
                       folder("var/lib/full"), file("var/lib/full/file", "x"), folder("var/cache/app"), folder("var/log/app"),
                       folder("var/spool/cron"), folder("var/spool/app"), folder("run/app/sub"), file("run/app/old.sock", "x")))


@service
def a_mount_over_tmp():
    return Case({"Cmd": ["app"]}, {"tmpfs": ["/tmp:size=1G"], "volumes": ["/var/tmp"]})


@service
def temporary_folders_let_the_own_user_in():
    return Case({"Cmd": ["app"]}, {"tmpfs": ["/run:size=16M,mode=1750,exec", "/tmp:uid=990,gid=990,mode=0700", "/var/tmp:noexec"]},
                targets=("debian12",))


@service
def temporary_folders_of_root():
    return Case({"Cmd": ["app"]}, {"user": "root", "tmpfs": ["/run:mode=1750,exec", "/tmp:uid=990,gid=990,mode=0700"]},
                targets=("debian12",))


@service
def a_writable_root():
    return Case({"Cmd": ["app"]}, {"writable": ["/"]}, files=(folder("var/lib/app"),))


@service
def a_writable_folder_that_is_forgotten():
    return Case({"Cmd": ["app"]}, {"writable": ["/etc/app"], "writable_volatile": True}, files=(folder("etc/app", mode=0o750),))


@service
def a_writable_root_that_is_forgotten():
    return Case({"Cmd": ["app"]}, {"writable": ["/"], "writable_volatile": True, "user": "root"}, targets=("debian12",))


# --- network ----------------------------------------------------------------------------------------------------

@service
def ports():
    return Case({"Cmd": ["app"], "ExposedPorts": {"443/tcp": {}, "8080": {}}},
                {"publish": ["443:443", "8443:443", "127.0.0.1:81:8080", "[::1]:82:8080/tcp"]})


@service
def a_network_of_its_own():
    return Case({"Cmd": ["app"]}, {"network": "none", "publish": ["8080:8080"], "health_tcp": "8080"})


@service
def a_namespace_of_a_stack():
    return Case({"Cmd": ["app"], "ExposedPorts": {"80/tcp": {}}},
                {"netns": "/run/netns/shop-web", "net_address": "10.208.0.2", "net_unit": "shop-web-net.service",
                 "names_unit": "shop-names.service", "hosts_file": "/run/gourd/shop-web.hosts", "hostname": "www",
                 "publish": ["8080:80", "53:53", "53:53/udp", "127.0.0.1:54:53/udp", "[::1]:54:53/udp"]},
                targets=("debian12", "systemd=262"))


@service
def a_filter_of_a_stack():
    return Case({"Cmd": ["app"], "ExposedPorts": {"80/tcp": {}}},
                {"net_unit": "shop-web-net.service", "names_unit": "shop-names.service", "hosts_file": "/run/gourd/shop.hosts",
                 "resolv_file": "/run/gourd/shop-web.resolv", "ingress_filter": "/sys/fs/bpf/gourd/shop-web",
                 "address_deny": ["any"], "address_allow": ["localhost", "10.0.0.0/8"]}, targets=("debian12",))


# --- sandbox ----------------------------------------------------------------------------------------------------

@service
def strict():
    return Case({"Cmd": ["app"]}, {"profile": "strict"}, targets=("debian12",))


@service
def trusted():
    return Case({"Cmd": ["app"]}, {"profile": "trusted"}, targets=("debian12",))


@service
def loosenings():
    return Case({"Cmd": ["app"]}, {"profile": "strict", "allow": ["debug", "jit", "netlink", "processes", "realtime"],
                                   "capabilities": ["net_raw", "CAP_SYS_NICE"], "devices": ["/dev/dri/card0", "/dev/ttyUSB0:r", "/dev/fuse:rwm"]},
                targets=("debian12",))


@service
def new_privileges():
    return Case({"Cmd": ["app"]}, {"allow": ["new-privileges"]}, targets=("debian12",))


@service
def a_compiler_at_run_time():
    return Case({"Cmd": ["node", "server.js"]}, files=(program("usr/local/bin/node"),), targets=("debian12",))


@service
def groups_and_capabilities_as_docker_counts_them():
    return Case({"Cmd": ["app"], "User": "app", "ExposedPorts": {"80/tcp": {}}},
                {"groups": ["www-data", "4242", "taken"], "cap_drop": ["ALL"], "cap_add": ["SYS_TIME", "net_raw"], "apparmor": "my-app",
                 "selinux": "system_u:system_r:container_t:s0:c1,c2", "slice": "apps-web.slice", "init": True},
                targets=("debian12", "debian13"))


@service
def root_with_less():
    return Case({"Cmd": ["app"]}, {"user": "root", "groups": ["33"], "cap_drop": ["CHOWN", "SETUID"], "cap_add": ["SETUID", "SYS_MODULE"]},
                targets=("debian12",))


@service
def all_capabilities_but_one():
    return Case({"Cmd": ["app"]}, {"cap_add": ["ALL"], "cap_drop": ["SYS_ADMIN"]}, targets=("debian12",))


@service
def system_calls_of_a_profile():
    return Case({"Cmd": ["app"]}, {"syscalls": ["read", "write", "accept4", "access", "bind", "brk", "capget", "chdir", "chmod", "clone", "close",
                                                         "connect", "dup", "dup2", "dup3", "epoll_create1", "epoll_ctl", "epoll_wait", "fchown"], "allow": ["debug"]},
                targets=("debian12",))


@service
def system_calls_that_are_denied():
    return Case({"Cmd": ["app"]}, {"syscalls": ["~", "keyctl", "add_key"]}, targets=("debian12",))


@service
def devices_under_other_names():
    return Case({"Cmd": ["app"]}, {"devices": ["/dev/ttyUSB0:/dev/ttyS1:rw", "/dev/snd", "/dev/dri/:/dev/dri:r"]}, targets=("debian12",))


@service
def devices_by_their_kind():
    return Case({"Cmd": ["app"]}, {"devices": ["/dev/dri", "/dev/bus/usb"],
                                   "device_rules": ["c 13:* rmw", "b 8:1 r", "a *:* m"]}, targets=("debian12",))


# --- life -------------------------------------------------------------------------------------------------------

@service
def limits_order_and_stopping():
    return Case({"Cmd": ["app"], "StopSignal": "SIGRTMIN+3"},
                {"description": "Shop, 100%", "memory": 1610612736, "swap": 1000, "cpus_per_mille": 1505, "pids": 200,
                 "restart": "on-failure", "stop_timeout_usec": 90000000, "after": ["a.service"], "requires": ["b@1.service"],
                 "notify": True, "no_healthcheck": True})


@service
def limits_of_all_kinds():
    return Case({"Cmd": ["app"]},
                {"memory": 1 << 29, "memory_low": 1 << 28, "swap": 0, "shm_size": 1 << 26, "cpus_per_mille": 500, "cpu_period_usec": 50000,
                 "cpu_shares": 512, "cpuset": "0-3,5", "pids": 100, "blkio_weight": 1000,
                 "io_weights": ["/dev/disk/by-path/pci-0000:00:01.0:10"], "io_read_bytes": ["/dev/sda:12582912"],
                 "io_write_bytes": ["/dev/sda:1000"], "io_read_ops": ["/dev/sda:120"], "io_write_ops": ["/dev/my disk:30"],
                 "ulimits": ["nofile=20000:40000", "nproc=65535", "core=-1", "memlock=-1:-1", "rttime=5"], "oom_score_adj": "-500"},
                targets=("debian12", "systemd=262"))


@service
def restarts_that_are_counted():
    return Case({"Cmd": ["app"]}, {"restart": "on-failure", "restart_max": 5}, targets=("debian12", "debian13"))


@service
def restarts_that_are_spaced():
    return Case({"Cmd": ["app"]}, {"restart_delay_usec": 5000000, "restart_max": 3, "restart_window_usec": 120000000},
                targets=("debian12", "debian13"))


@service
def never_restarted():
    return Case({"Cmd": ["app"], "StopSignal": "15"}, {"restart": "no"}, targets=("debian12", "debian13"))


@service
def a_health_check_of_the_image():
    return Case({"Cmd": ["app"], "StopSignal": "int",
                 "Healthcheck": {"Test": ["CMD-SHELL", "app --ping || exit 1"], "Interval": 10 * 10**9, "Timeout": 5 * 10**9,
                                 "StartPeriod": 60 * 10**9, "StartInterval": 10**9, "Retries": 4}})


@service
def a_health_check_without_a_shell():
    return Case({"Cmd": ["app"], "Healthcheck": {"Test": ["CMD", "app", "--ping"]}}, {"health_interval_usec": 2000000})


@service
def a_health_check_by_http():
    return Case({"Cmd": ["app"], "Healthcheck": {"Test": ["CMD", "missing"]}}, {"health_http": "8080/health"}, targets=("debian12",))


@service
def a_health_check_by_a_socket():
    return Case({"Cmd": ["app"], "Healthcheck": {"Test": ["NONE"]}}, {"health_unix": "/run/app.sock", "health_retries": 1},
                targets=("debian12",))


@service
def a_command_before_upgrades():
    return Case({"Cmd": ["app"], "Shell": ["/bin/sh", "-euc"], "Labels": {"gourd.pre-upgrade": "app migrate"},
                 "Healthcheck": {"Test": ["CMD", "app"]}, "Volumes": {"/data": {}}},
                {"secrets": ["TOKEN=/etc/token"], "memory": 1 << 29}, files=(folder("data"),), targets=("debian12",))


@service
def a_health_check_beside_process_1():
    return Case({"Entrypoint": ["/init"], "Healthcheck": {"Test": ["CMD", "app"]}}, {"secrets": ["TOKEN=/etc/token"]},
                files=(program("init"),), targets=("debian13",))


@service
def an_init_that_is_process_1():
    return Case({"Entrypoint": ["/init"]}, files=(program("init", "#!/bin/sh\n"), folder("etc/s6-overlay")),
                targets=("debian13", "systemd=262"))


@service
def commands_beside_the_program():
    return Case({"Cmd": ["app"]}, {"post_start": ["sh -c 'echo \"$HOME\" 100%'", "!A=1 B='x y' /usr/bin/app migrate"],
                                   "pre_stop": ["app drain"]}, targets=("debian12",))


@service
def commands_with_what_the_environment_takes():
    return Case({"Cmd": ["app"], "Env": ["node.name=a"]}, {"post_start": ["X=1 app"], "pre_stop": ["!app"], "user": "root"},
                targets=("debian12",))


@service
def a_journal_of_its_own():
    return Case({"Cmd": ["app"]}, {"log_max": 10485760, "log_tag": "web 100%", "stack": "shop"}, name="shop-web", targets=("debian12",))


@service
def output_that_is_thrown_away():
    return Case({"Cmd": ["app"]}, {"no_log": True}, targets=("debian12",))


@service
def backups_by_commands():
    return Case({"Cmd": ["app"], "Volumes": {"/data": {}}},
                {"backup_dump": "app dump \"$DB\" 100%", "backup_restore": "app load", "backup_before": "app freeze",
                 "backup_after": "app thaw"}, files=(folder("data"), folder("var/lib/app")), targets=("debian12",))


@service
def backups_without_a_shell():
    return Case({"Entrypoint": ["/app"]},
                {"backup_dump": "app dump 'a b'", "volumes": ["db:/data", "files:/files"], "backup_volume": "/data", "stack": "shop"},
                base=False, files=(program("usr/bin/app"), program("app"), folder("data"), folder("files")), name="shop-web",
                targets=("debian12",))


# --- place ------------------------------------------------------------------------------------------------------

@service
def a_place_in_a_stack():
    return Case({"Cmd": ["app"], "ExposedPorts": {"8080/tcp": {}}},
                {"stack": "my-shop", "aliases": ["shop_web", "a b"], "wants": ["my-shop-cache.service"],
                 "requires": ["my-shop-db.service"], "part_of": ["my-shop-db.service"],
                 "labels": ["traefik.http.routers.web.rule=Host(`a.example`) && Path(\"/\\x\")", "empty=", "lines=a\nb %h"]},
                name="my-shop-web")


@service
def a_place_in_a_stack_with_all_its_units():
    return Case({"Cmd": ["app"], "Volumes": {"/data": {}}},
                {"stack": "shop", "publish": ["8080:80"], "pre_upgrade": "app migrate", "writable": ["/etc/app"]},
                files=(folder("data"), folder("etc/app")), name="shop-web", targets=("debian12",))


@service
def a_task_that_runs_once():
    return Case({"Cmd": ["app", "migrate"]}, {"oneshot": True, "secrets": ["TOKEN=/etc/token"], "stack": "shop"},
                targets=("debian12", "debian13"))


@service
def a_task_that_is_tried_again():
    return Case({"Cmd": ["app", "migrate"]}, {"oneshot": True, "restart": "on-failure"}, targets=("debian12",))


# --- what is seen in images -------------------------------------------------------------------------------------

@service
def output_by_name():
    return Case({"Cmd": ["nginx"], "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGQUIT"},
                files=(symlink("var/log/nginx/access.log", "/dev/stdout"),), targets=("debian12",))


@service
def output_by_name_in_a_configuration():
    return Case({"Cmd": ["app"]}, files=(file("usr/local/etc/php-fpm.d/docker.conf", "error_log = /proc/self/fd/2\n"),),
                targets=("debian12",))


@service
def an_entrypoint_that_drops_root():
    return Case({"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["app"]}, targets=("debian12",),
                files=(program("usr/local/bin/docker-entrypoint.sh", "#!/bin/sh\n# no gosu here\n[ \"$(id -u)\" = 0 ] && "
                                                                      "exec gosu app \"$0\" \"$@\"\nexec \"$@\"\n"),))


# --- refused ----------------------------------------------------------------------------------------------------

@refused
def a_dump_of_nobody_knows_what():
    return Case({"Cmd": ["app"], "Volumes": {"/data": {}, "/files": {}}}, {"backup_dump": "app dump"},
                files=(folder("data"), folder("files")))


@refused
def a_dump_of_a_folder_of_the_host():
    return Case({"Cmd": ["app"]}, {"backup_dump": "app dump", "binds": ["/srv:/data"]}, files=(folder("data"),))


@refused
def a_dump_of_another_volume():
    return Case({"Cmd": ["app"], "Volumes": {"/data": {}}}, {"backup_dump": "app dump", "backup_volume": "files"},
                files=(folder("data"),))


@refused
def a_backup_program_that_is_not_there():
    return Case({"Entrypoint": ["/app"], "Volumes": {"/data": {}}}, {"backup_dump": "pg_dump"}, base=False,
                files=(program("app"), folder("data")))


@refused
def no_command():
    return Case({})


@refused
def a_program_that_is_not_there():
    return Case({"Cmd": ["serve"]})


@refused
def a_program_that_is_not_executable():
    return Case({"Cmd": ["/etc/passwd"]})


@refused
def a_script_without_its_interpreter():
    return Case({"Cmd": ["/run.sh"]}, files=(program("run.sh", "#!/bin/bash\n"),))


@refused
def a_program_of_another_c_library():
    return Case({"Cmd": ["/usr/bin/ls"]}, files=(binary("usr/bin/ls", b"/lib/ld-musl-x86_64.so.1"),))


@refused
def a_script_written_on_windows():
    return Case({"Cmd": ["/run.sh"]}, files=(program("run.sh", "#!/bin/sh\r\n"),))


@refused
def a_folder_to_work_in_that_is_not_there():
    return Case({"Cmd": ["app"], "WorkingDir": "/srv/app"})


@refused
def a_folder_to_work_in_that_is_roots_alone():
    return Case({"Cmd": ["app"], "WorkingDir": "/root"})


@refused
def a_volume_where_only_root_may_go():
    return Case({"Cmd": ["app"], "Volumes": {"/root/.app": {}}})


@refused
def a_script_that_only_another_may_read():
    return Case({"Cmd": ["/run.sh"], "User": "app"}, files=(file("run.sh", "#!/bin/sh\n", mode=0o711, uid=999),))


@refused
def a_user_that_is_not_there():
    return Case({"Cmd": ["app"], "User": "nginx"})


@refused
def a_user_asked_for_that_is_not_there():
    return Case({"Cmd": ["app"]}, {"user": "nginx"})


@refused
def a_mount_point_that_is_not_there():
    return Case({"Cmd": ["app"]}, {"binds": ["/srv:/data"]})


@refused
def a_mount_point_behind_a_link_that_is_not_there():
    return Case({"Cmd": ["app"]}, {"volumes": ["/data/sub"]}, files=(symlink("data", "/mnt"),))


@refused
def a_volume_on_a_file():
    return Case({"Cmd": ["app"]}, {"volumes": ["/etc/passwd"]})


@refused
def two_mounts_on_one_folder():
    return Case({"Cmd": ["app"]}, {"binds": ["/a:/home", "/b:/home/"]})


@refused
def two_volumes_of_one_name():
    return Case({"Cmd": ["app"]}, {"volumes": ["/a/b", "/a-b"]}, files=(folder("a/b"), folder("a-b")))


@refused
def a_mount_over_the_root():
    return Case({"Cmd": ["app"]}, {"binds": ["/srv:/"]})


@refused
def a_bind_of_a_relative_path():
    return Case({"Cmd": ["app"]}, {"binds": ["data:/home"]})


@refused
def a_port_of_another_protocol():
    return Case({"Cmd": ["app"]}, {"publish": ["5353:53/sctp"]})


@refused
def a_port_published_twice():
    return Case({"Cmd": ["app"]}, {"publish": ["80:8080", "127.0.0.1:80:8081"]})


@refused
def an_address_for_a_port_of_its_own():
    return Case({"Cmd": ["app"]}, {"publish": ["127.0.0.1:8080:8080"]})


@refused
def an_unknown_loosening():
    return Case({"Cmd": ["app"]}, {"allow": ["everything"]})


@refused
def an_unknown_capability():
    return Case({"Cmd": ["app"]}, {"capabilities": ["fly"]})


@service
def a_volume_over_a_home():
    return Case({"Cmd": ["app"], "Volumes": {"/root": {}}})

@refused
def a_volume_where_the_kernels_files_are():
    return Case({"Cmd": ["app"], "Volumes": {"/proc/app": {}}})

@refused
def a_volume_with_too_long_a_path():
    return Case({"Cmd": ["app"], "Volumes": {"/run/" + "x" * 200: {}}})

@refused
def an_unknown_signal():
    return Case({"Cmd": ["app"], "StopSignal": "SIGNONE"})


@refused
def a_health_check_without_its_program():
    return Case({"Cmd": ["app"], "Healthcheck": {"Test": ["CMD", "curl", "-f", "http://localhost"]}})


@refused
def a_health_check_once_in_a_thousand_years():
    return Case({"Cmd": ["app"]}, {"health_tcp": "80", "health_interval_usec": 2**62})


@refused
def a_task_with_a_health_check():
    return Case({"Cmd": ["app"]}, {"oneshot": True, "health_tcp": "80"})


@refused
def an_alias_that_is_too_long():
    return Case({"Cmd": ["app"]}, {"aliases": ["x" * 250]})


@refused
def more_memory_set_aside_than_allowed():
    return Case({"Cmd": ["app"]}, {"memory": 1, "memory_low": 2})


@refused
def an_unknown_ulimit():
    return Case({"Cmd": ["app"]}, {"ulimits": ["files=1"]})


@refused
def a_ulimit_without_a_number():
    return Case({"Cmd": ["app"]}, {"ulimits": ["nofile=many"]})


@refused
def a_rate_of_no_device():
    return Case({"Cmd": ["app"]}, {"io_read_ops": ["sda:100"]})


@refused
def processors_by_name():
    return Case({"Cmd": ["app"]}, {"cpuset": "all"})


@refused
def a_group_that_is_not_there():
    return Case({"Cmd": ["app"]}, {"groups": ["docker"]})


@refused
def a_device_rule_of_another_kind():
    return Case({"Cmd": ["app"]}, {"device_rules": ["u 1:2 rw"]})


@refused
def device_rules_and_other_names():
    return Case({"Cmd": ["app"]}, {"device_rules": ["c 1:2 rw"], "devices": ["/dev/a:/dev/b"]})


@refused
def a_profile_with_a_line_break():
    return Case({"Cmd": ["app"]}, {"apparmor": "a\nUser=root"})


@refused
def a_slice_that_is_none():
    return Case({"Cmd": ["app"]}, {"slice": "/docker"})


@refused
def a_secret_where_there_is_nothing():
    return Case({"Cmd": ["app"]}, {"secret_files": ["/etc/key:/etc/app/key"]})


@refused
def a_secret_of_a_relative_path():
    return Case({"Cmd": ["app"]}, {"secret_files": ["key:/run/secrets/key"]})


@refused
def a_volume_with_an_unknown_option():
    return Case({"Cmd": ["app"]}, {"volumes": ["data:/home:z"]})


@refused
def a_volume_out_of_its_folder():
    return Case({"Cmd": ["app"]}, {"volumes": ["../etc:/home"]})


@refused
def a_command_that_the_image_has_not():
    return Case({"Cmd": ["app"]}, {"post_start": ["curl http://localhost"]})


@refused
def a_command_of_variables_only():
    return Case({"Cmd": ["app"]}, {"pre_stop": ["A=1"]})


@refused
def two_health_checks():
    return Case({"Cmd": ["app"]}, {"health_tcp": "80", "health_http": "80"})


@refused
def an_init_on_an_old_systemd():
    return Case({"Entrypoint": ["/init"]}, files=(program("init"),))


@refused
def a_secret_variable_that_systemd_cannot_say():
    return Case({"Cmd": ["app"]}, {"secret_environment": ["node.password=x"]})


@refused
def an_option_of_a_later_version():
    return Case({"Cmd": ["app"]}, {"teleport": True})
