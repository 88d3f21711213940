// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "why.h"

#include "service/service.h"

/* --- why-tree.c: a root, as the processes in it see it ------------------------------------------------------------- */

typedef struct WhyTree WhyTree;

/* A folder, or the SquashFS image in a file. */
WhyTree *why_tree_open(const char *path, gboolean is_image, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void why_tree_free(WhyTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WhyTree, why_tree_free)
/* What is at a path, links followed. FALSE: it cannot be told. */
gboolean why_tree_find(const WhyTree *tree, const char *path, InsideNode *ret_node);
/* The first bytes of a file, or NULL. */
GBytes *why_tree_load(const WhyTree *tree, const char *path, gsize size_max);

/* --- why-facts.c ---------------------------------------------------------------------------------------------------- */

/* A file of the unit: itself, then its drop-ins. */
typedef struct {
    char *path;
    UnitFile *file;
} WhySource;

/* A setting, and where it stands. Borrowed from the facts. */
typedef struct {
    const char *key, *value;
    const char *path;
    guint line;
} WhySetting;

typedef enum {
    WHY_ROOT_HOST,
    WHY_ROOT_FOLDER,
    WHY_ROOT_IMAGE,
} WhyRootKind;

/* The last run of the unit that failed. */
typedef struct {
    gboolean found;
    guint64 usec;
    const char *result;  /* of the unit: "exit-code", "oom-kill" …; or NULL */
    const char *code;    /* how a process ended: "exited", "killed", "dumped"; NULL: none did, or it is not known */
    int status;          /* with what */
    const char *command; /* which: "ExecStart" …; or NULL */
    gboolean started;    /* it had come up before */
    GPtrArray *entries;  /* HostEntry of that run; borrowed */
} WhyFailure;

typedef struct {
    Host *host;
    const char *unit;
    gboolean ours;      /* gourd wrote the unit */
    guint version;      /* of systemd; 0: unknown */
    GPtrArray *sources; /* WhySource */
    HostUnit state;
    gboolean is_live; /* state was asked for */
    GPtrArray *entries;
    WhyFailure failure;
    const char *quiet_end; /* the last run, if its program ended by itself and without an error; or NULL */
    WhyRootKind root_kind;
    char *root_path; /* of the image or folder, on the host */
    WhySetting root_setting;
    WhyTree *root;        /* what the service sees as "/"; NULL: it cannot be read */
    GError *root_problem; /* then why */
    WhyTree *outside;     /* the host's */
    guint32 uid, gid;     /* of its user, where they can be told */
    gboolean user_known;
} WhyFacts;

gboolean why_facts_gather(Host *host, const char *unit, WhyFacts *ret_facts, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void why_facts_clear(WhyFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WhyFacts, why_facts_clear)

/* The values that a key has, in order (WhySetting), an empty one forgets those before. The caller unrefs. */
GArray *why_settings(const WhyFacts *facts, const char *key);
/* The last of them; FALSE if there is none, or it is empty. */
gboolean why_setting(const WhyFacts *facts, const char *key, WhySetting *ret_setting);
gboolean why_is_set(const WhyFacts *facts, const char *key); /* to a true boolean */
/* "KEY=VALUE (PATH:LINE)". The caller frees. */
char *why_place(const WhySetting *setting);

/* The first message of the run that failed which has a text in it, or NULL. Borrowed. */
const HostEntry *why_find_message(const WhyFacts *facts, const char *part);
/* What systemd said was wrong with the step that failed: "No such file or directory"; or NULL. Static. */
const char *why_errno_text(const WhyFacts *facts);

/* The last message of the kernel or its audit with a text in it, from about when the run failed; or NULL. The caller frees. */
char *why_find_kernel_message(const WhyFacts *facts, const char *part);

/* What is at a path as the service sees it, mounts of the unit included. FALSE: it cannot be told. */
gboolean why_look(const WhyFacts *facts, const char *path, InsideNode *ret_node);
GBytes *why_load(const WhyFacts *facts, const char *path, gsize size_max);
/* The path on the host that BindPaths= or BindReadOnlyPaths= show at `path`, or NULL. The caller frees. */
char *why_find_bind(const WhyFacts *facts, const char *path, WhySetting *ret_setting, gboolean *ret_read_only);

/* Whether InaccessiblePaths= has a path, or a folder that it is in. */
gboolean why_is_hidden(const WhyFacts *facts, const char *path, WhySetting *ret_setting);
/* The first folder on the way to a path, or the path itself, that the service's user may not use. wanted: of 4 (read), 2 (write),
 * 1 (execute) for the path itself. NULL: it may, or it cannot be told. The caller frees with inside_node_clear(). */
gboolean why_find_barrier(const WhyFacts *facts, const char *path, guint wanted, InsideNode *ret_node);
/* "mode 0700, owned by root". The caller frees. */
char *why_describe_mode(const InsideNode *node);
/* What the service's root is called in sentences: "the image", "the folder '/srv/root'", "this host". The caller frees. */
char *why_name_root(const WhyFacts *facts);

/* --- findings ------------------------------------------------------------------------------------------------------- */

/* Takes over text and remedy (may be NULL); setting may be NULL. */
void why_add(GPtrArray *findings, const char *cause, const WhySetting *setting, char *text, char *remedy);

/* Each adds what it finds, and nothing if that is nothing. */
void why_explain_namespace(const WhyFacts *facts, GPtrArray *findings);        /* 226 */
void why_explain_image(const WhyFacts *facts, GPtrArray *findings);            /* what the root's image may lack */
void why_explain_exec(const WhyFacts *facts, GPtrArray *findings);             /* 203 */
void why_explain_step(const WhyFacts *facts, int status, GPtrArray *findings); /* any 2xx */
void why_explain_result(const WhyFacts *facts, GPtrArray *findings);           /* signals, limits, time-outs */
/* What the program said; FALSE if that need not be why it ended. */
gboolean why_explain_words(const WhyFacts *facts, GPtrArray *findings);
/* A line that says that a port is taken, of whomever: who has it. */
void why_explain_port(const WhyFacts *facts, const HostEntry *entry, GPtrArray *findings);
/* Beside what went wrong: an image that wants to be root first, or a capability that the host lacks. */
void why_explain_privileges(const WhyFacts *facts, GPtrArray *findings);
/* Whether the unit runs a machine of systemd-nspawn. */
gboolean why_is_machine(const WhyFacts *facts);
/* Whether that runs a program alone, without systemd inside. */
gboolean why_is_program(const WhyFacts *facts);
/* The command that starts it. The caller frees. */
char *why_start_command(const WhyFacts *facts);
/* Of machines of systemd-nspawn: why it does not start, and what failed inside of one that runs. Nothing for other units. */
void why_explain_machine(const WhyFacts *facts, GPtrArray *findings);
/* Of one that does not run: that its tree is gone. */
void why_explain_absence(const WhyFacts *facts, GPtrArray *findings);
void why_explain_inside(const WhyFacts *facts, GPtrArray *findings);
/* Of one that runs: ports of the host that it does not get. own: its .nspawn file. */
void why_explain_ports(const WhyFacts *facts, const char *machine, const WhySource *own, GPtrArray *findings);
void why_explain_unit(const WhyFacts *facts, GPtrArray *findings); /* the unit's files */
void why_explain_dependency(const WhyFacts *facts, GPtrArray *findings);

/* A step's name, "NAMESPACE", or NULL. */
const char *why_step_name(int status);

/* Of single steps. */
void why_explain_stdio(const WhyFacts *facts, GPtrArray *findings);
void why_explain_group(const WhyFacts *facts, GPtrArray *findings);
void why_explain_user(const WhyFacts *facts, GPtrArray *findings);
void why_explain_capabilities(const WhyFacts *facts, GPtrArray *findings);
gboolean why_host_may_mount(void);
void why_explain_pam(const WhyFacts *facts, GPtrArray *findings);
void why_explain_folders(const WhyFacts *facts, GPtrArray *findings);
void why_explain_socket(const WhyFacts *facts, GPtrArray *findings);
void why_explain_credentials(const WhyFacts *facts, GPtrArray *findings);

/* An empty list of WhyFinding. */
GPtrArray *why_findings_new(void);
