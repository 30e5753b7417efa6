/* The requests of the engine contract. */
#ifndef PEER_METHODS_H
#define PEER_METHODS_H

#include <jansson.h>

#include "account.h"

/* What a method hands back: a result, or a code and a sentence. */
struct reply {
    json_t *result; /* NULL: an error */
    int code;
    const char *message;
};

struct reply methods_call(struct account *account, const char *method, const json_t *params);

/* Ends every session that is open. */
void methods_end_all(struct account *account);

/* For debug.c: a mandatory string without NUL; NULL if it is not there. */
const char *methods_string(const json_t *params, const char *name);
ConnContext *methods_best(struct account *account, const char *peer);
struct reply methods_fail(int code, const char *message);

/* debug.keys {peer}: every secret of the best instance, in hex. */
struct reply debug_keys(struct account *account, const char *peer);

#endif
