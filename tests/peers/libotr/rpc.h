/* JSON-RPC 2.0 on standard output: one object a line, flushed after each. */
#ifndef PEER_RPC_H
#define PEER_RPC_H

#include <stddef.h>

#include <gcrypt.h>
#include <jansson.h>

/* The standard's error codes, and the engine contract's own. */
enum rpc_code {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_UNKNOWN_METHOD = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_WRONG_STATE = 1,
    RPC_POLICY_FORBIDS = 2,
    RPC_UNKNOWN_PEER = 3,
    RPC_STORAGE_FAILED = 4,
};

/* Each of these takes over `params`, `result` and borrows `id` (NULL is written as null). */
void rpc_notify(const char *method, json_t *params);
void rpc_result(json_t *id, json_t *result);
void rpc_error(json_t *id, int code, const char *message);

/* A JSON string of any C string: bytes that are not UTF-8 become U+FFFD. NULL becomes null. */
json_t *rpc_text(const char *text);

/* Lower-case hex of bytes; null for NULL. */
json_t *rpc_hex(const unsigned char *bytes, size_t length);

/* Lower-case hex of a number, big-endian, without leading zero bytes; null for NULL. */
json_t *rpc_mpi(gcry_mpi_t number);

/* Bytes of a hex string (malloc), or NULL if it is none. */
unsigned char *rpc_unhex(const char *hex, size_t *length);

#endif
