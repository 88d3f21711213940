// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Blocks on their way from the layers to the bundle.
 *
 * Content is cut into pieces of the block size. A piece that will be a block of its own is hashed and, unless an equal one
 * has been, compressed at once; the result waits in the scratch file. A piece that will share a block with others (a small
 * file, a tail), or of which it is not yet known whether it will be needed at all, is hashed and waits there as it is. */

#include "workers.h"

/* A block that is stored once, however often it occurs. */
typedef struct {
    Digest digest;       /* of its raw bytes */
    guint32 size;        /* raw */
    guint32 stored_size; /* as it lies in the scratch file; equal to size: not compressed */
    guint64 scratch;     /* where */
    gboolean raw;        /* it is still to be compressed: only found out after all layers were read */
    guint64 placed;      /* where it lies in the bundle, once it does; 0 before */
} Block;

typedef enum {
    PIECE_EMPTY, /* not there yet */
    PIECE_HOLE,
    PIECE_BLOCK,
    PIECE_RAW,
} PieceKind;

typedef struct {
    PieceKind kind;
    guint32 size;
    union {
        Block *block;
        struct {
            guint64 scratch;
            Digest digest;
        } raw;
    };
} Piece;

/* Where equal contents lie in the bundle: layout.h. */
typedef struct Place Place;

/* The content of a file. */
typedef struct {
    guint64 size;
    guint layer;          /* that gave it, from 1; 0: gourd itself */
    guint64 entry;        /* its number there, from 0 */
    gboolean passed_over; /* not read, since a newer layer seemed to hide it */
    gboolean needed;      /* but it is needed: to be read after all */
    guint32 piece_count;
    Piece *pieces; /* NULL until it is read */
    Place *place;  /* once laid out; borrowed */
} Content;

Content *content_new(guint64 size);
void content_free(gpointer content);

/* How content is cut. */
typedef struct {
    guint32 block_size;
    guint32 shared_below; /* files smaller than this share a block */
    gboolean share_tails; /* so do the last pieces of larger files, if they are as small */
} CutRules;

typedef struct BlockStore BlockStore;

/* The scratch file is made in the folder given. */
BlockStore *block_store_new(Workers *workers, const CutRules *rules, guint buffers, const char *scratch_folder,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The workers must be idle. */
void block_store_free(BlockStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BlockStore, block_store_free)

const CutRules *block_store_rules(const BlockStore *store);
/* Whether a file's piece shares a block with other files'. */
gboolean block_store_shares_block(const BlockStore *store, guint64 file_size, guint32 piece_size);
int block_store_scratch_fd(const BlockStore *store);
const char *block_store_scratch_name(const BlockStore *store); /* for messages */

/* A buffer of the block size: waits until one is free. NULL if the store has failed. */
guint8 *block_store_take_buffer(BlockStore *store);
void block_store_return_buffer(BlockStore *store, guint8 *buffer);
/* Of a settled store to which nothing is added any more. */
void block_store_free_buffers(BlockStore *store);

/* Takes a buffer with one piece of the given size: will be hashed and compressed. */
void block_store_add_block(BlockStore *store, guint8 *buffer, guint32 size, Piece *piece);

/* Where a piece lies in a buffer with several. */
typedef struct {
    Piece *piece;
    guint32 offset;
} PiecePlace;

/* Takes a buffer with pieces (piece->size bytes each) and the list of them: will be hashed and kept. */
void block_store_add_raw(BlockStore *store, guint8 *buffer, guint32 size, GArray *places);

/* Waits for all that was added. FALSE with the first error that the workers met. */
gboolean block_store_settle(BlockStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lets a worker close the scratch file, which takes the kernel a while: nothing can be read from the store any more. */
void block_store_close_scratch(BlockStore *store);
/* TRUE if the workers have met an error. */
gboolean block_store_has_failed(BlockStore *store);

const Digest *piece_digest(const Piece *piece); /* not of holes */

/* The block of a settled piece that is no hole; raw pieces get one, to be compressed later, unless an equal one is there. */
Block *block_store_block_of(BlockStore *store, Piece *piece);

/* The raw bytes of a settled piece. Expands with codec. */
gboolean block_store_read_piece(const BlockStore *store, BlockCodec *codec, const Piece *piece, guint8 *ret_bytes,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
