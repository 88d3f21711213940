// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text.h"

#include <stdint.h>
#include <string.h>

#define CUT_MARK "\xe2\x80\xa6" /* … */

Text text_make(char *buffer, size_t size)
{
    buffer[0] = '\0';
    return (Text){.bytes = buffer, .size = size};
}

/* Appends all of the piece, or marks the text as cut: pieces are whole characters. */
static void add(Text *text, const char *piece, size_t size)
{
    static const size_t mark_size = sizeof(CUT_MARK) - 1;

    if (text->cut)
        return;
    if (size >= text->size - mark_size - text->length) {
        memcpy(text->bytes + text->length, CUT_MARK, mark_size);
        text->length += mark_size;
        text->cut = true;
    } else {
        memcpy(text->bytes + text->length, piece, size);
        text->length += size;
    }
    text->bytes[text->length] = '\0';
}

/* A character at a time, so that none is cut in two. */
static void add_string(Text *text, const char *string)
{
    while (*string) {
        size_t length = 1;

        while (((unsigned char)string[length] >> 6) == 2)
            length++;
        add(text, string, length);
        string += length;
    }
}

static void add_number(Text *text, unsigned number)
{
    char digits[3 * sizeof(number)];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add(text, digits + at, sizeof(digits) - at);
}

static void add_signed(Text *text, int number)
{
    if (number < 0)
        add(text, "-", 1);
    add_number(text, number < 0 ? -(unsigned)number : (unsigned)number);
}

void text_add_list(Text *text, const char *format, va_list list)
{
    for (; *format; format++) {
        if (*format != '%') {
            /* Byte by byte: the formats are ours and ASCII. */
            add(text, format, 1);
            continue;
        }
        switch (*++format) {
        case 's':
            add_string(text, va_arg(list, const char *));
            break;
        case 'u':
            add_number(text, va_arg(list, unsigned));
            break;
        case 'd':
            add_signed(text, va_arg(list, int));
            break;
        default:
            add(text, format, 1);
            break;
        }
    }
}

void text_add(Text *text, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    text_add_list(text, format, list);
    va_end(list);
}

/* Size of the character that the bytes begin with, 0 for none (RFC 3629, without what is no character in Unicode: systemd
 * refuses a status with one). */
static size_t measure_character(const unsigned char *bytes, size_t size)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = bytes[0] < 0x80       ? 1
                    : bytes[0] >> 5 == 6  ? 2
                    : bytes[0] >> 4 == 14 ? 3
                    : bytes[0] >> 3 == 30 ? 4
                                          : 0;
    uint32_t character;

    if (length == 0 || length > size)
        return 0;
    character = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (bytes[i] >> 6 != 2)
            return 0;
        character = character << 6 | (bytes[i] & 0x3f);
    }
    if (character < smallest[length] || character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff) ||
        (character >= 0xfdd0 && character <= 0xfdef) || (character & 0xfffe) == 0xfffe)
        return 0;
    /* control characters, and those that turn the direction of what follows */
    if (character < 0x20 || (character >= 0x7f && character < 0xa0) || (character >= 0x202a && character <= 0x202e) ||
        (character >= 0x2066 && character <= 0x2069))
        return 0;
    return length;
}

void text_add_escaped(Text *text, const char *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t at = 0; at < size && !text->cut;) {
        unsigned char byte = (unsigned char)bytes[at];
        size_t length = measure_character((const unsigned char *)bytes + at, size - at);

        if (length > 0) {
            add(text, bytes + at, length);
            at += length;
            continue;
        }
        if (byte == '\t')
            add(text, " ", 1);
        else
            add(text, (const char[]){'\\', 'x', digits[byte >> 4], digits[byte & 15]}, 4);
        at++;
    }
}
