// SPDX-License-Identifier: LGPL-2.1-or-later
#include "filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "output.h"
#include "text.h"

/* The kernel's headers are not among those of musl: what is needed of linux/bpf.h, by its documentation and the instruction set's
 * (kernel.org, "BPF Instruction Set Architecture"). */

#define INSTRUCTIONS_MAX 4096 /* what the kernel takes from everybody (BPF_MAXINSNS) */
#define LOG_SIZE 4096

typedef struct {
    uint8_t code;
    uint8_t registers; /* source in the upper half, destination in the lower one, as little-endian machines have it */
    int16_t offset;
    int32_t immediate;
} Instruction;

enum {
    COMMAND_PROG_LOAD = 5,
    COMMAND_OBJ_PIN = 6,
    PROGRAM_CGROUP_SKB = 8,
    HELPER_SKB_LOAD_BYTES = 26,
};

enum {
    LOAD_U32 = 0x61,
    LOAD_U16 = 0x69,
    LOAD_U8 = 0x71,
    LOAD_U64 = 0x79,
    MOVE = 0xb7, /* of an immediate */
    MOVE_REGISTER = 0xbf,
    ADD = 0x07,
    AND = 0x57,
    SHIFT_LEFT = 0x67,
    TO_BIG_ENDIAN = 0xdc,
    JUMP_EQUAL = 0x16, /* those of 32 bits */
    JUMP_NOT_EQUAL = 0x56,
    JUMP_LESS = 0xa6,
    JUMP_POINTER_EQUAL = 0x15,
    CALL = 0x85,
    EXIT = 0x95,
};

/* Registers: 0 results, 1 to 5 arguments; 6 the packet, 7 its protocol, 8 where its ports are; 10 the end of the stack. */
enum { R0, R1, R2, R3, R4, CONTEXT = 6, PROTOCOL = 7, PORTS = 8, STACK = 10 };

/* Places in struct __sk_buff and struct bpf_sock. */
enum {
    SKB_PROTOCOL = 16,
    SKB_IFINDEX = 40,
    SKB_SOCK = 168,
    SOCK_STATE = 72,
};

/* Places on the stack, and in them. */
enum {
    IP_HEADER = -64, /* 40 bytes */
    PORT_HEADER = -16,
    TARGET_PORT = PORT_HEADER + 2,
    TCP_FLAGS = PORT_HEADER + 13,
};

enum {
    LOOPBACK_IFINDEX = 1, /* in each network namespace */
    SOCK_ESTABLISHED = 1, /* also of a UDP socket that is connected */
    FLAG_SYN = 0x02,
    FLAG_ACK = 0x10,
    ICMP = 1,
    TCP = 6,
    UDP = 17,
    ICMPV6 = 58,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
};

/* One word of the command line. */
typedef struct {
    uint16_t port;
    bool is_udp, closed;
    int family; /* of the address; AF_UNSPEC: all */
    uint8_t address[16];
} Port;

static struct {
    Instruction instructions[INSTRUCTIONS_MAX];
    unsigned n;
    bool full;
} program;

/* --- instructions ------------------------------------------------------------------------------------------------------ */

static unsigned emit(uint8_t code, int to, int from, int16_t offset, int32_t immediate)
{
    if (program.n == INSTRUCTIONS_MAX) {
        program.full = true;
        return 0;
    }
    program.instructions[program.n] = (Instruction){
        .code = code,
        .registers = (uint8_t)(from << 4 | to),
        .offset = offset,
        .immediate = immediate,
    };
    return program.n++;
}

/* The jump that was emitted as number `at` leads to what comes next. */
static void land(unsigned at)
{
    program.instructions[at].offset = (int16_t)(program.n - at - 1);
}

/* The end: 1 lets the packet through. */
static void finish(int verdict)
{
    emit(MOVE, R0, 0, 0, verdict);
    emit(EXIT, 0, 0, 0, 0);
}

static void finish_if_equal(int reg, int32_t value, int verdict)
{
    unsigned skip = emit(JUMP_NOT_EQUAL, reg, 0, 0, value);

    finish(verdict);
    land(skip);
}

/* Bytes of the packet onto the stack; a packet that has not so many is dropped. */
static void load_bytes(int from_register, int place, int size)
{
    emit(MOVE_REGISTER, R1, CONTEXT, 0, 0);
    if (from_register)
        emit(MOVE_REGISTER, R2, from_register, 0, 0);
    else
        emit(MOVE, R2, 0, 0, 0);
    emit(MOVE_REGISTER, R3, STACK, 0, 0);
    emit(ADD, R3, 0, 0, place);
    emit(MOVE, R4, 0, 0, size);
    emit(CALL, 0, 0, 0, HELPER_SKB_LOAD_BYTES);
    unsigned good = emit(JUMP_EQUAL, R0, 0, 0, 0);
    finish(0);
    land(good);
}

/* --- the program ------------------------------------------------------------------------------------------------------- */

static int32_t word_of(const uint8_t *bytes)
{
    int32_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Ends the program where the packet is for this port, whose number is in R1. */
static void check_port(const Port *port, int family)
{
    unsigned skips[5], n = 0;
    int address = family == AF_INET ? IP_HEADER + 16 : IP_HEADER + 24;

    if (port->family != AF_UNSPEC && port->family != family)
        return;
    skips[n++] = emit(JUMP_NOT_EQUAL, R1, 0, 0, htons(port->port));
    for (int i = 0; port->family != AF_UNSPEC && i < (family == AF_INET ? 1 : 4); i++) {
        emit(LOAD_U32, R2, STACK, (int16_t)(address + 4 * i), 0);
        skips[n++] = emit(JUMP_NOT_EQUAL, R2, 0, 0, word_of(port->address + 4 * (ptrdiff_t)i));
    }
    finish(port->closed ? 0 : 1);
    while (n > 0)
        land(skips[--n]);
}

static void check_tcp(const Port *ports, unsigned n_ports, int family)
{
    load_bytes(PORTS, PORT_HEADER, 14);
    emit(LOAD_U8, R0, STACK, TCP_FLAGS, 0);
    emit(AND, R0, 0, 0, FLAG_SYN | FLAG_ACK);
    unsigned first = emit(JUMP_EQUAL, R0, 0, 0, FLAG_SYN);
    finish(1);
    land(first);
    emit(LOAD_U16, R1, STACK, TARGET_PORT, 0);
    for (unsigned i = 0; i < n_ports; i++)
        if (!ports[i].is_udp)
            check_port(&ports[i], family);
    finish(0);
}

static void check_udp(const Port *ports, unsigned n_ports, int family, unsigned first_of_clients)
{
    load_bytes(PORTS, PORT_HEADER, 8);
    emit(LOAD_U16, R1, STACK, TARGET_PORT, 0);
    for (unsigned i = 0; i < n_ports; i++)
        if (ports[i].is_udp)
            check_port(&ports[i], family);
    emit(LOAD_U64, R2, CONTEXT, SKB_SOCK, 0);
    unsigned none = emit(JUMP_POINTER_EQUAL, R2, 0, 0, 0);
    emit(LOAD_U32, R0, R2, SOCK_STATE, 0);
    finish_if_equal(R0, SOCK_ESTABLISHED, 1);
    land(none);
    emit(TO_BIG_ENDIAN, R1, 0, 0, 16); /* its reverse is the same */
    unsigned low = emit(JUMP_LESS, R1, 0, 0, (int32_t)first_of_clients);
    finish(1);
    land(low);
    finish(0);
}

/* Of a packet whose protocol and place of ports are in registers. */
static void check_protocols(const Port *ports, unsigned n_ports, int family, unsigned first_of_clients)
{
    finish_if_equal(PROTOCOL, family == AF_INET ? ICMP : ICMPV6, 1);
    unsigned other = emit(JUMP_NOT_EQUAL, PROTOCOL, 0, 0, TCP);
    check_tcp(ports, n_ports, family);
    land(other);
    other = emit(JUMP_NOT_EQUAL, PROTOCOL, 0, 0, UDP);
    check_udp(ports, n_ports, family, first_of_clients);
    land(other);
    finish(0);
}

static void make_program(const Port *ports, unsigned n_ports, unsigned first_of_clients)
{
    emit(MOVE_REGISTER, CONTEXT, R1, 0, 0);
    emit(LOAD_U32, R0, CONTEXT, SKB_IFINDEX, 0);
    finish_if_equal(R0, LOOPBACK_IFINDEX, 1);
    emit(LOAD_U32, R0, CONTEXT, SKB_PROTOCOL, 0);

    unsigned other = emit(JUMP_NOT_EQUAL, R0, 0, 0, htons(ETHERTYPE_IPV4));
    load_bytes(0, IP_HEADER, 20);
    emit(LOAD_U8, PORTS, STACK, IP_HEADER, 0);
    emit(AND, PORTS, 0, 0, 0xf);
    emit(SHIFT_LEFT, PORTS, 0, 0, 2);
    emit(LOAD_U8, PROTOCOL, STACK, IP_HEADER + 9, 0);
    check_protocols(ports, n_ports, AF_INET, first_of_clients);
    land(other);

    other = emit(JUMP_NOT_EQUAL, R0, 0, 0, htons(ETHERTYPE_IPV6));
    load_bytes(0, IP_HEADER, 40);
    emit(MOVE, PORTS, 0, 0, 40);
    emit(LOAD_U8, PROTOCOL, STACK, IP_HEADER + 6, 0);
    check_protocols(ports, n_ports, AF_INET6, first_of_clients);
    land(other);
    finish(0);
}

/* --- the command line --------------------------------------------------------------------------------------------------- */

static bool parse_port_number(const char *text, const char *end, uint16_t *ret_port)
{
    unsigned number = 0;

    if (text == end)
        return false;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9' || number > UINT16_MAX / 10)
            return false;
        number = number * 10 + (unsigned)(*text - '0');
    }
    *ret_port = (uint16_t)number;
    return number > 0 && number <= UINT16_MAX;
}

static bool parse_host(const char *text, size_t length, Port *port)
{
    char address[INET6_ADDRSTRLEN];

    if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
        port->family = AF_INET6;
    } else
        port->family = AF_INET;
    if (length >= sizeof address)
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    return inet_pton(port->family, address, port->address) == 1;
}

/* [-][ADDRESS:]PORT/tcp|udp */
static bool parse_port(const char *text, Port *port)
{
    const char *slash = strrchr(text, '/'), *number;

    *port = (Port){.family = AF_UNSPEC, .closed = *text == '-'};
    text += port->closed;
    if (!slash || (strcmp(slash, "/tcp") != 0 && strcmp(slash, "/udp") != 0))
        return false;
    port->is_udp = slash[1] == 'u';
    number = slash;
    while (number > text && number[-1] != ':')
        number--;
    if (number > text && !parse_host(text, (size_t)(number - 1 - text), port))
        return false;
    return parse_port_number(number, slash, &port->port);
}

/* The first of the ports that the kernel gives to clients. */
static unsigned read_first_of_clients(void)
{
    static const unsigned standard = 32768;
    char text[32] = "";
    int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    uint16_t port;

    if (fd >= 0)
        close(fd);
    return length > 0 && parse_port_number(text, text + strcspn(text, " \t\n"), &port) ? port : standard;
}

/* --- the kernel --------------------------------------------------------------------------------------------------------- */

static int load_program(void)
{
    static char log[LOG_SIZE];
    struct {
        uint32_t type, n;
        uint64_t instructions, license;
        uint32_t log_level, log_size;
        uint64_t log;
        uint32_t kernel_version, flags;
    } load = {
        .type = PROGRAM_CGROUP_SKB,
        .n = program.n,
        .instructions = (uintptr_t)program.instructions,
        .license = (uintptr_t) "LGPL-2.1-or-later",
    };
    int fd = (int)syscall(SYS_bpf, COMMAND_PROG_LOAD, &load, sizeof load);

    if (fd >= 0)
        return fd;
    int error = errno;
    load.log_level = 1;
    load.log_size = sizeof log;
    load.log = (uintptr_t)log;
    if (error == EINVAL || error == EACCES) /* why it does not like the program */
        syscall(SYS_bpf, COMMAND_PROG_LOAD, &load, sizeof load);
    message(MESSAGE_ERROR, "cannot load a filter: %s %s", strerror(error), log);
    return -1;
}

static int pin(int fd, const char *path)
{
    struct {
        uint64_t path;
        uint32_t fd, flags;
    } object = {.path = (uintptr_t)path, .fd = (uint32_t)fd};
    char folder[256];
    Text text = TEXT(folder);
    const char *slash = strrchr(path, '/');

    text_add(&text, "%s", path);
    if (!slash || text.cut) {
        message(MESSAGE_ERROR, "'%s' is no path for a filter", path);
        return 2;
    }
    folder[slash - path] = '\0';
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        message(MESSAGE_ERROR, "cannot make %s: %s", folder, strerror(errno));
        return 1;
    }
    if (unlink(path) != 0 && errno != ENOENT) {
        message(MESSAGE_ERROR, "cannot replace %s: %s", path, strerror(errno));
        return 1;
    }
    if (syscall(SYS_bpf, COMMAND_OBJ_PIN, &object, sizeof object) != 0) {
        message(MESSAGE_ERROR, "cannot keep the filter as %s: %s; is a bpf file system there?", path, strerror(errno));
        return 1;
    }
    return 0;
}

int filter_pin(const char *path, char *const *words)
{
    unsigned n = 0;
    int fd, status;

    while (words[n])
        n++;
    Port *ports = calloc(n + 1, sizeof *ports);
    if (!ports) {
        message(MESSAGE_ERROR, "out of memory");
        return 1;
    }
    for (unsigned i = 0; i < n; i++)
        if (!parse_port(words[i], &ports[i])) {
            message(MESSAGE_ERROR, "'%s' is not [-][ADDRESS:]PORT/tcp or /udp", words[i]);
            free(ports);
            return 2;
        }
    make_program(ports, n, read_first_of_clients());
    free(ports);
    if (program.full) {
        message(MESSAGE_ERROR, "too many ports for one filter");
        return 2;
    }
    fd = load_program();
    if (fd < 0)
        return 1;
    status = pin(fd, path);
    close(fd);
    return status;
}
