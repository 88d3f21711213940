// SPDX-License-Identifier: LGPL-2.1-or-later
#include "digest.h"

#include "error.h"
#include "library.h"

#include <openssl/evp.h>
#include <string.h>

#define DIGEST_PREFIX "sha256:"

/* libcrypto is loaded by the first digest: that takes longer than all else of starting gourd, and `gourd run` makes none. */
#define CRYPTO_LIBRARY "libcrypto.so.3"
#define CRYPTO_FUNCTIONS(X) \
    X(EVP_Digest)           \
    X(EVP_DigestFinal_ex)   \
    X(EVP_DigestInit_ex)    \
    X(EVP_DigestUpdate)     \
    X(EVP_MD_CTX_free)      \
    X(EVP_MD_CTX_new)       \
    X(EVP_MD_fetch)

typedef struct {
#define MEMBER(NAME) __typeof__(NAME) *NAME;
    CRYPTO_FUNCTIONS(MEMBER)
#undef MEMBER
    EVP_MD *sha256; /* fetched once: EVP_sha256() would be looked up again at each start */
} Crypto;

/* libcrypto fails here only when memory is out or its build lacks the algorithm; GLib aborts on the first, so do we. */
static void crypto_must(int ok)
{
    if (ok != 1)
        g_error("libcrypto failed");
}

static gpointer load_crypto(gpointer data)
{
    static Crypto crypto;
    Library library;

    library_load(CRYPTO_LIBRARY, &library);
#define FIND(NAME) crypto.NAME = library_find(&library, #NAME);
    CRYPTO_FUNCTIONS(FIND)
#undef FIND
    if (library.problem)
        g_error("cannot load " CRYPTO_LIBRARY ": %s", library.problem);
    crypto.sha256 = crypto.EVP_MD_fetch(NULL, "SHA2-256", NULL);
    crypto_must(crypto.sha256 != NULL);
    return &crypto;
}

gboolean digest_prepare(GError **error)
{
    Library library;

    library_load(CRYPTO_LIBRARY, &library);
    gboolean good = library_check(&library, error);
    g_free(library.problem);
    return good;
}

static const Crypto *get_crypto(void)
{
    static GOnce once = G_ONCE_INIT;

    return g_once(&once, load_crypto, NULL);
}

static gpointer load(gpointer data)
{
    (void)get_crypto();
    return NULL;
}

GThread *digest_load_begin(void)
{
    return g_thread_try_new("gourd-load", load, NULL, NULL);
}

gboolean digest_equal(const Digest *a, const Digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

gboolean digest_parse(const char *text, Digest *ret_digest, GError **error)
{
    Digest digest;

    if (!g_str_has_prefix(text, DIGEST_PREFIX)) {
        g_autofree char *shown = text_escape(text);
        gboolean other = strchr(text, ':') != NULL;

        return gourd_error_set(error, other ? GOURD_ERROR_UNSUPPORTED : GOURD_ERROR_INPUT,
                               "digest '%s' is not a sha256 digest", shown);
    }
    const char *hex = text + strlen(DIGEST_PREFIX);
    gboolean valid = strlen(hex) == DIGEST_HEX_LENGTH;

    for (gsize i = 0; valid && i < DIGEST_SIZE; i++) {
        int high = g_ascii_xdigit_value(hex[2 * i]), low = g_ascii_xdigit_value(hex[2 * i + 1]);

        valid = high >= 0 && low >= 0 && !g_ascii_isupper(hex[2 * i]) && !g_ascii_isupper(hex[2 * i + 1]);
        digest.bytes[i] = valid ? (guint8)(high << 4 | low) : 0;
    }
    if (!valid) {
        g_autofree char *shown = text_escape(text);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "digest '%s' is not 64 lower-case hexadecimal digits", shown);
    }
    *ret_digest = digest;
    return TRUE;
}

char *digest_to_text(const Digest *digest)
{
    static const char digits[] = "0123456789abcdef";
    char *text = g_malloc(DIGEST_TEXT_LENGTH + 1);
    char *at = text + strlen(DIGEST_PREFIX);

    memcpy(text, DIGEST_PREFIX, strlen(DIGEST_PREFIX));
    for (gsize i = 0; i < DIGEST_SIZE; i++) {
        *at++ = digits[digest->bytes[i] >> 4];
        *at++ = digits[digest->bytes[i] & 15];
    }
    *at = '\0';
    return text;
}

void digest_of_bytes(const void *bytes, gsize size, Digest *ret_digest)
{
    const Crypto *crypto = get_crypto();

    crypto_must(crypto->EVP_Digest(bytes, size, ret_digest->bytes, NULL, crypto->sha256, NULL));
}

struct Hasher {
    const Crypto *crypto;
    EVP_MD_CTX *context;
};

Hasher *hasher_new(void)
{
    const Crypto *crypto = get_crypto();
    Hasher *hasher = g_new0(Hasher, 1);

    hasher->crypto = crypto;
    hasher->context = crypto->EVP_MD_CTX_new();
    crypto_must(hasher->context != NULL);
    crypto_must(crypto->EVP_DigestInit_ex(hasher->context, hasher->crypto->sha256, NULL));
    return hasher;
}

void hasher_free(Hasher *hasher)
{
    if (!hasher)
        return;
    hasher->crypto->EVP_MD_CTX_free(hasher->context);
    g_free(hasher);
}

void hasher_update(Hasher *hasher, const void *bytes, gsize size)
{
    crypto_must(hasher->crypto->EVP_DigestUpdate(hasher->context, bytes, size));
}

void hasher_finish(Hasher *hasher, Digest *ret_digest)
{
    crypto_must(hasher->crypto->EVP_DigestFinal_ex(hasher->context, ret_digest->bytes, NULL));
    crypto_must(hasher->crypto->EVP_DigestInit_ex(hasher->context, hasher->crypto->sha256, NULL));
}
