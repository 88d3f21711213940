// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* libsystemd, loaded when it is first needed: starting gourd takes a fifth less time without it, and what only deals with bundles needs
 * neither it nor systemd. Its functions are called by their own names; a new one is added to both lists. */

#include <glib.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-journal.h>

#define LIBSYSTEMD_FUNCTIONS(X)    \
    X(bus_call)                    \
    X(bus_call_method)             \
    X(bus_close_unref)             \
    X(bus_error_free)              \
    X(bus_error_has_name)          \
    X(bus_flush_close_unref)       \
    X(bus_get_property)            \
    X(bus_get_property_string)     \
    X(bus_is_open)                 \
    X(bus_match_signal)            \
    X(bus_message_appendv)         \
    X(bus_message_enter_container) \
    X(bus_message_exit_container)  \
    X(bus_message_new_method_call) \
    X(bus_message_peek_type)       \
    X(bus_message_read)            \
    X(bus_message_read_array)      \
    X(bus_message_read_basic)      \
    X(bus_message_skip)            \
    X(bus_message_unref)           \
    X(bus_new)                     \
    X(bus_open_system)             \
    X(bus_process)                 \
    X(bus_set_address)             \
    X(bus_set_method_call_timeout) \
    X(bus_start)                   \
    X(bus_unref)                   \
    X(bus_wait)                    \
    X(id128_get_boot)              \
    X(id128_to_string)             \
    X(journal_add_disjunction)     \
    X(journal_add_match)           \
    X(journal_close)               \
    X(journal_get_data)            \
    X(journal_get_realtime_usec)   \
    X(journal_next)                \
    X(journal_open_directory)      \
    X(journal_open_namespace)      \
    X(journal_previous)            \
    X(journal_seek_head)           \
    X(journal_seek_realtime_usec)  \
    X(journal_seek_tail)           \
    X(journal_wait)

typedef struct {
#define MEMBER(NAME) __typeof__(sd_##NAME) *NAME;
    LIBSYSTEMD_FUNCTIONS(MEMBER)
#undef MEMBER
} Libsystemd;

/* Before the first of the functions is called. FAILED. */
gboolean libsystemd_load(GError **error) G_GNUC_WARN_UNUSED_RESULT;
const Libsystemd *libsystemd(void);

#define sd_bus_call (libsystemd()->bus_call)
#define sd_bus_call_method (libsystemd()->bus_call_method)
#define sd_bus_close_unref (libsystemd()->bus_close_unref)
#define sd_bus_error_free (libsystemd()->bus_error_free)
#define sd_bus_error_has_name (libsystemd()->bus_error_has_name)
#define sd_bus_flush_close_unref (libsystemd()->bus_flush_close_unref)
#define sd_bus_get_property (libsystemd()->bus_get_property)
#define sd_bus_get_property_string (libsystemd()->bus_get_property_string)
#define sd_bus_is_open (libsystemd()->bus_is_open)
#define sd_bus_match_signal (libsystemd()->bus_match_signal)
#define sd_bus_message_appendv (libsystemd()->bus_message_appendv)
#define sd_bus_message_enter_container (libsystemd()->bus_message_enter_container)
#define sd_bus_message_exit_container (libsystemd()->bus_message_exit_container)
#define sd_bus_message_new_method_call (libsystemd()->bus_message_new_method_call)
#define sd_bus_message_peek_type (libsystemd()->bus_message_peek_type)
#define sd_bus_message_read (libsystemd()->bus_message_read)
#define sd_bus_message_read_array (libsystemd()->bus_message_read_array)
#define sd_bus_message_read_basic (libsystemd()->bus_message_read_basic)
#define sd_bus_message_skip (libsystemd()->bus_message_skip)
#define sd_bus_message_unref (libsystemd()->bus_message_unref)
#define sd_bus_new (libsystemd()->bus_new)
#define sd_bus_open_system (libsystemd()->bus_open_system)
#define sd_bus_process (libsystemd()->bus_process)
#define sd_bus_set_address (libsystemd()->bus_set_address)
#define sd_bus_set_method_call_timeout (libsystemd()->bus_set_method_call_timeout)
#define sd_bus_start (libsystemd()->bus_start)
#define sd_bus_unref (libsystemd()->bus_unref)
#define sd_bus_wait (libsystemd()->bus_wait)
#define sd_id128_get_boot (libsystemd()->id128_get_boot)
#define sd_id128_to_string (libsystemd()->id128_to_string)
#define sd_journal_add_disjunction (libsystemd()->journal_add_disjunction)
#define sd_journal_add_match (libsystemd()->journal_add_match)
#define sd_journal_close (libsystemd()->journal_close)
#define sd_journal_get_data (libsystemd()->journal_get_data)
#define sd_journal_get_realtime_usec (libsystemd()->journal_get_realtime_usec)
#define sd_journal_next (libsystemd()->journal_next)
#define sd_journal_open_directory (libsystemd()->journal_open_directory)
#define sd_journal_open_namespace (libsystemd()->journal_open_namespace)
#define sd_journal_previous (libsystemd()->journal_previous)
#define sd_journal_seek_head (libsystemd()->journal_seek_head)
#define sd_journal_seek_realtime_usec (libsystemd()->journal_seek_realtime_usec)
#define sd_journal_seek_tail (libsystemd()->journal_seek_tail)
#define sd_journal_wait (libsystemd()->journal_wait)
