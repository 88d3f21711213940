// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service-image.h"

#include <string.h>

#define CONFIG_SIZE_MAX (4 * 1024 * 1024) /* bytes of config.json and bundle.json: real ones have some ten KiB */
#define ACCOUNTS_SIZE_MAX (1024 * 1024)   /* bytes of passwd and group: ten thousand users are less */

struct ServiceImage {
    Bundle *bundle;
    GMutex lock; /* of all below */
    SquashReader *reader;
    ImageConfig *config; /* NULL: not read yet; likewise below */
    Json *metadata;
    gboolean metadata_read, accounts_read, scanned;
    GBytes *passwd, *groups;
    ImageScan scan;
    GHashTable *programs; /* path → ProgramScan */
    GHashTable *nodes;    /* path → InsideNode */
};

static void free_node(gpointer node)
{
    inside_node_clear(node);
    g_free(node);
}

ServiceImage *service_image_new(Bundle *bundle)
{
    ServiceImage *image = g_new0(ServiceImage, 1);

    g_mutex_init(&image->lock);
    image->bundle = bundle;
    image->reader = bundle_image(bundle);
    image->programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)program_scan_free);
    image->nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_node);
    return image;
}

void service_image_free(ServiceImage *image)
{
    if (!image)
        return;
    image_config_free(image->config);
    json_decref(image->metadata);
    g_clear_pointer(&image->passwd, g_bytes_unref);
    g_clear_pointer(&image->groups, g_bytes_unref);
    image_scan_clear(&image->scan);
    g_hash_table_unref(image->programs);
    g_hash_table_unref(image->nodes);
    g_mutex_clear(&image->lock);
    g_free(image);
}

Bundle *service_image_bundle(const ServiceImage *image)
{
    return image->bundle;
}

SquashReader *service_image_reader(const ServiceImage *image)
{
    return image->reader;
}

static ImageConfig *load_config(SquashReader *reader, GError **error)
{
    static const char none[] = "{\"rootfs\": {\"type\": \"layers\"}}";
    GError *problem = NULL;
    g_autoptr(GBytes) bytes = squash_reader_load(reader, BUNDLE_CONFIG_PATH, CONFIG_SIZE_MAX, &problem);

    if (!bytes && !g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)) {
        g_propagate_error(error, problem);
        return NULL;
    }
    g_clear_error(&problem);

    gsize size = strlen(none);
    const char *text = bytes ? g_bytes_get_data(bytes, &size) : none;
    ImageConfig *config = image_config_parse(text, size, error);

    if (!config)
        gourd_error_prefix(error, "/" BUNDLE_CONFIG_PATH);
    return config;
}

const ImageConfig *service_image_config(ServiceImage *image, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&image->lock);

    if (!image->config)
        image->config = load_config(image->reader, error);
    return image->config;
}

static gboolean load_metadata(SquashReader *reader, Json **ret_metadata, GError **error)
{
    GError *problem = NULL;
    g_autoptr(GBytes) bytes = squash_reader_load(reader, BUNDLE_METADATA_PATH, CONFIG_SIZE_MAX, &problem);

    if (!bytes && g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)) {
        g_error_free(problem);
        return TRUE;
    }
    if (!bytes) {
        g_propagate_error(error, problem);
        return FALSE;
    }
    *ret_metadata = json_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
    return *ret_metadata || gourd_error_prefix(error, "'/" BUNDLE_METADATA_PATH "'");
}

gboolean service_image_metadata(ServiceImage *image, const Json **ret_metadata, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&image->lock);

    if (!image->metadata_read && !load_metadata(image->reader, &image->metadata, error))
        return FALSE;
    image->metadata_read = TRUE;
    *ret_metadata = image->metadata;
    return TRUE;
}

static void read_accounts(ServiceImage *image)
{
    if (image->accounts_read)
        return;
    image->passwd = inside_load(image->reader, "/etc/passwd", ACCOUNTS_SIZE_MAX);
    image->groups = inside_load(image->reader, "/etc/group", ACCOUNTS_SIZE_MAX);
    image->accounts_read = TRUE;
}

GBytes *service_image_passwd(ServiceImage *image)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&image->lock);

    read_accounts(image);
    return image->passwd;
}

GBytes *service_image_groups(ServiceImage *image)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&image->lock);

    read_accounts(image);
    return image->groups;
}

const ImageScan *service_image_scan(ServiceImage *image, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&image->lock);

    if (!image->scanned && !image_scan(image->reader, &image->scan, error))
        return NULL;
    image->scanned = TRUE;
    return &image->scan;
}

const ProgramScan *service_image_program(ServiceImage *image, const char *path)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&image->lock);
    ProgramScan *program = g_hash_table_lookup(image->programs, path);

    if (!program) {
        program = program_scan_new(image->reader, path);
        g_hash_table_insert(image->programs, g_strdup(path), program);
        squash_reader_drop_expander(image->reader);
    }
    return program;
}

const InsideNode *service_image_find(ServiceImage *image, const char *path, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&image->lock);
    const InsideNode *known = g_hash_table_lookup(image->nodes, path);
    InsideNode node;

    if (known)
        return known;
    if (!inside_find(image->reader, path, &node, error))
        return NULL;
    InsideNode *found = g_memdup2(&node, sizeof node);
    g_hash_table_insert(image->nodes, g_strdup(path), found);
    return found;
}

gboolean service_image_walk(ServiceImage *image, const char *path, const SquashWalk *walk, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&image->lock);

    return squash_reader_walk(image->reader, path, walk, error);
}
