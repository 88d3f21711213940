// SPDX-License-Identifier: LGPL-2.1-or-later
#include "connect.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t\r"
#define WORD_SIZE_MAX 256 /* the longest address, and the longest name of DNS */

/* Copies the next word of the line; false if there is none. A longer word than any name is cut, and matches nothing. */
static bool next_word(const char **line, const char *end, char word[WORD_SIZE_MAX])
{
    size_t length = 0;

    while (*line < end && strchr(BLANKS, **line))
        (*line)++;
    while (*line < end && **line && !strchr(BLANKS, **line)) {
        if (length < WORD_SIZE_MAX - 1)
            word[length++] = **line;
        (*line)++;
    }
    word[length] = '\0';
    return length > 0;
}

void hosts_find(const char *bytes, size_t size, const char *name, bool (*found)(const char *address, void *data),
                void *data)
{
    const char *end = bytes + size;

    while (bytes < end) {
        const char *next = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *line_end = next ? next : end;
        const char *comment = memchr(bytes, '#', (size_t)(line_end - bytes));
        char address[WORD_SIZE_MAX], word[WORD_SIZE_MAX];

        if (comment)
            line_end = comment;
        if (next_word(&bytes, line_end, address))
            while (next_word(&bytes, line_end, word))
                if (strcasecmp(word, name) == 0) {
                    if (found(address, data))
                        return;
                    break;
                }
        bytes = next ? next + 1 : end;
    }
}
