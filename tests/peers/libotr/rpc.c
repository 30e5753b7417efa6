#include "rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_line(json_t *object)
{
    char *line = json_dumps(object, JSON_COMPACT);
    if (line) {
        puts(line);
        fflush(stdout);
        free(line);
    }
    json_decref(object);
}

void rpc_notify(const char *method, json_t *params)
{
    write_line(json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params));
}

void rpc_result(json_t *id, json_t *result)
{
    write_line(json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id, "result", result));
}

void rpc_error(json_t *id, int code, const char *message)
{
    json_t *answer = json_pack("{s:s, s:O?, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", id, "error",
                               "code", code, "message", message);
    if (!id) {
        json_object_set_new(answer, "id", json_null());
    }
    write_line(answer);
}

/* Length of the UTF-8 sequence at `text`, or 0 if none starts there. */
static size_t sequence(const unsigned char *text)
{
    unsigned char first = text[0];
    size_t length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2
                  : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
        (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f)) {
        return 0;
    }
    return length;
}

json_t *rpc_text(const char *text)
{
    if (!text) {
        return json_null();
    }
    json_t *exact = json_string(text);
    if (exact) {
        return exact;
    }
    char *clean = malloc(3 * strlen(text) + 1);
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t length = sequence(at);
        if (length) {
            memcpy(clean + used, at, length);
            used += length;
            at += length;
        } else {
            memcpy(clean + used, "\xef\xbf\xbd", 3);
            used += 3;
            at++;
        }
    }
    json_t *made = json_stringn(clean, used);
    free(clean);
    return made;
}

json_t *rpc_hex(const unsigned char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    if (!bytes) {
        return json_null();
    }
    char *hex = malloc(2 * length + 1);
    for (size_t i = 0; i < length; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    json_t *made = json_stringn(hex, 2 * length);
    free(hex);
    return made;
}

json_t *rpc_mpi(gcry_mpi_t number)
{
    unsigned char *bytes = NULL;
    size_t length = 0;
    if (!number || gcry_mpi_aprint(GCRYMPI_FMT_USG, &bytes, &length, number)) {
        return json_null();
    }
    json_t *made = rpc_hex(bytes, length);
    gcry_free(bytes);
    return made;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

unsigned char *rpc_unhex(const char *hex, size_t *length)
{
    size_t digits = strlen(hex);
    if (digits % 2) {
        return NULL;
    }
    unsigned char *bytes = malloc(digits / 2 + 1);
    for (size_t i = 0; i < digits; i += 2) {
        int high = digit(hex[i]), low = digit(hex[i + 1]);
        if (high < 0 || low < 0) {
            free(bytes);
            return NULL;
        }
        bytes[i / 2] = (unsigned char)(high << 4 | low);
    }
    *length = digits / 2;
    return bytes;
}
