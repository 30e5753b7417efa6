#include "methods.h"

#include <stdlib.h>
#include <string.h>

#include <libotr/instag.h>
#include <libotr/privkey.h>
#include <libotr/sm.h>

#include "events.h"
#include "rpc.h"

/* A TLV holds 65535 bytes; an SMP1 message takes less than 1300 of them, an extra key's use 4. */
enum { MAX_QUESTION = 60000, MAX_USE_DATA = 65531 };

typedef struct reply method(struct account *account, const char *peer, const json_t *params);

struct reply methods_fail(int code, const char *message)
{
    return (struct reply){NULL, code, message};
}

static struct reply done(json_t *result)
{
    return (struct reply){result, 0, NULL};
}

static struct reply nothing(void)
{
    return done(json_object());
}

static struct reply no_session(void)
{
    return methods_fail(RPC_WRONG_STATE, "there is no encrypted session with this peer; use start first");
}

const char *methods_string(const json_t *params, const char *name)
{
    const json_t *value = json_object_get(params, name);
    const char *text = json_string_value(value);
    return text && strlen(text) == json_string_length(value) ? text : NULL;
}

ConnContext *methods_best(struct account *account, const char *peer)
{
    return otrl_context_find(account->us, peer, account->name, account->protocol, OTRL_INSTAG_BEST, 0, NULL,
                             NULL, NULL);
}

/* The best instance if it is encrypted, else NULL. */
static ConnContext *encrypted(struct account *account, const char *peer)
{
    ConnContext *context = methods_best(account, peer);
    return context && context->msgstate == OTRL_MSGSTATE_ENCRYPTED ? context : NULL;
}

static json_t *versions_list(OtrlPolicy versions)
{
    json_t *list = json_array();
    if (versions & OTRL_POLICY_ALLOW_V2) {
        json_array_append_new(list, json_integer(2));
    }
    if (versions & OTRL_POLICY_ALLOW_V3) {
        json_array_append_new(list, json_integer(3));
    }
    return list;
}

static struct reply do_identity(struct account *account, const char *peer, const json_t *params)
{
    (void)peer, (void)params;
    unsigned char fingerprint[20];
    OtrlInsTag *tag = otrl_instag_find(account->us, account->name, account->protocol);
    if (!tag || !otrl_privkey_fingerprint_raw(account->us, fingerprint, account->name, account->protocol)) {
        return methods_fail(RPC_STORAGE_FAILED, "the account's keys are gone");
    }
    return done(json_pack("{s:o, s:o, s:o, s:o, s:o}", "account", rpc_text(account->name), "protocol",
                          rpc_text(account->protocol), "fingerprint", rpc_hex(fingerprint, 20), "instance_tag",
                          events_instance(tag->instag), "versions", versions_list(account->policy.versions)));
}

static struct reply do_start(struct account *account, const char *peer, const json_t *params)
{
    (void)params;
    OtrlPolicy policy = policy_bits(account_policy(account, peer, 0));
    if (!(policy & OTRL_POLICY_VERSION_MASK)) {
        return methods_fail(RPC_POLICY_FORBIDS, "the policy for this peer allows no version of OTR");
    }
    char *query = otrl_proto_default_query_msg(account->name, policy);
    events_inject(peer, query);
    free(query);
    return nothing();
}

static struct reply do_send(struct account *account, const char *peer, const json_t *params)
{
    const char *text = methods_string(params, "text");
    if (!text) {
        return methods_fail(RPC_INVALID_PARAMS, "text must be a string without NUL");
    }
    char *replaced = NULL;
    ConnContext *context = NULL;
    account->finished = account->encryption_required = account->encryption_failed = 0;
    gcry_error_t err = otrl_message_sending(account->us, &events_ops, account, account->name, account->protocol,
                                            peer, OTRL_INSTAG_BEST, text, NULL, &replaced,
                                            OTRL_FRAGMENT_SEND_ALL, &context, events_attach, NULL);
    const char *status = "refused";
    if (err || account->finished || account->encryption_failed) {
        status = "refused";
    } else if (account->encryption_required) {
        status = "queued";
    } else if (replaced) {
        int query = otrl_proto_message_type(text) == OTRL_MSGTYPE_QUERY; /* never encrypted */
        status = context->msgstate == OTRL_MSGSTATE_ENCRYPTED && !query ? "sent" : "plaintext";
    } else if (!context || context->msgstate == OTRL_MSGSTATE_PLAINTEXT) {
        events_inject(peer, text);
        status = "plaintext";
    }
    account->finished = 0;
    otrl_message_free(replaced);
    return done(json_pack("{s:s}", "status", status));
}

static struct reply do_receive(struct account *account, const char *peer, const json_t *params)
{
    const char *message = methods_string(params, "message");
    if (!message) {
        return methods_fail(RPC_INVALID_PARAMS, "message must be a string without NUL");
    }
    char *replaced = NULL;
    OtrlTLV *tlvs = NULL;
    ConnContext *context = NULL;
    account->decrypted = 0;
    int ignore = otrl_message_receiving(account->us, &events_ops, account, account->name, account->protocol,
                                        peer, message, &replaced, &tlvs, &context, events_attach, NULL);
    if (!ignore) {
        json_t *instance = account->decrypted ? events_instance(context->their_instance) : json_null();
        rpc_notify("message", json_pack("{s:o, s:o, s:b, s:o}", "peer", rpc_text(peer), "text",
                                        rpc_text(replaced ? replaced : message), "encrypted",
                                        account->decrypted, "their_instance", instance));
    }
    events_announce_ended(account, peer);
    otrl_message_free(replaced);
    otrl_tlv_free(tlvs);
    return nothing();
}

static struct reply do_end(struct account *account, const char *peer, const json_t *params)
{
    (void)params;
    otrl_message_disconnect_all_instances(account->us, &events_ops, account, account->name, account->protocol,
                                          peer);
    events_announce_ended(account, peer);
    return nothing();
}

void methods_end_all(struct account *account)
{
    for (ConnContext *context = account->us->context_root; context; context = context->next) {
        if (context->msgstate != OTRL_MSGSTATE_PLAINTEXT) {
            otrl_message_disconnect(account->us, &events_ops, account, context->accountname, context->protocol,
                                    context->username, context->their_instance);
        }
    }
    events_announce_ended(account, NULL);
}

/* libotr leaves fragmenting to its caller where the caller makes the message. */
static void inject_fragmented(struct account *account, ConnContext *context, const char *message)
{
    int size = account->max_message_size;
    int header = context->protocol_version == 3 ? 37 : 19;
    int length = (int)strlen(message);
    int count = size && length > size ? (length - 1) / (size - header) + 1 : 1;
    char **fragments = NULL;
    if (count == 1 || otrl_proto_fragment_create(size, count, &fragments, context, message)) {
        events_inject(context->username, message);
        return;
    }
    for (int i = 0; i < count; i++) {
        events_inject(context->username, fragments[i]);
    }
    otrl_proto_fragment_free(&fragments, (unsigned short)count);
}

static struct reply do_heartbeat(struct account *account, const char *peer, const json_t *params)
{
    (void)params;
    ConnContext *context = encrypted(account, peer);
    char *message = NULL;
    if (!context ||
        otrl_proto_create_data(&message, context, "", NULL, OTRL_MSGFLAGS_IGNORE_UNREADABLE, NULL)) {
        return no_session();
    }
    inject_fragmented(account, context, message);
    otrl_message_free(message);
    return nothing();
}

static int smp_runs(ConnContext *context)
{
    return events_seen(context)->smp_asked || context->smstate->nextExpected != OTRL_SMP_EXPECT1;
}

static struct reply do_smp_start(struct account *account, const char *peer, const json_t *params)
{
    const char *secret = methods_string(params, "secret");
    const char *question = methods_string(params, "question");
    const json_t *asked = json_object_get(params, "question");
    if (!secret || (asked && !json_is_null(asked) && !question)) {
        return methods_fail(RPC_INVALID_PARAMS, "secret, and question if there is one, must be strings without NUL");
    }
    if (question && strlen(question) > MAX_QUESTION) {
        return methods_fail(RPC_INVALID_PARAMS, "the question is longer than 60000 bytes");
    }
    ConnContext *context = encrypted(account, peer);
    if (!context) {
        return no_session();
    }
    if (smp_runs(context)) { /* the protocol wants the old run aborted first */
        otrl_message_abort_smp(account->us, &events_ops, account, context);
        events_seen(context)->smp_asked = 0;
    }
    if (question) {
        otrl_message_initiate_smp_q(account->us, &events_ops, account, context, question,
                                    (const unsigned char *)secret, strlen(secret));
    } else {
        otrl_message_initiate_smp(account->us, &events_ops, account, context, (const unsigned char *)secret,
                                  strlen(secret));
    }
    return nothing();
}

static struct reply do_smp_answer(struct account *account, const char *peer, const json_t *params)
{
    const char *secret = methods_string(params, "secret");
    if (!secret) {
        return methods_fail(RPC_INVALID_PARAMS, "secret must be a string without NUL");
    }
    ConnContext *context = encrypted(account, peer);
    if (!context) {
        return no_session();
    }
    if (!events_seen(context)->smp_asked) {
        return methods_fail(RPC_WRONG_STATE, "the peer has not asked; use smp.start to ask");
    }
    events_seen(context)->smp_asked = 0;
    otrl_message_respond_smp(account->us, &events_ops, account, context, (const unsigned char *)secret,
                             strlen(secret));
    return nothing();
}

static struct reply do_smp_abort(struct account *account, const char *peer, const json_t *params)
{
    (void)params;
    ConnContext *context = encrypted(account, peer);
    if (!context) {
        return no_session();
    }
    events_seen(context)->smp_asked = 0;
    otrl_message_abort_smp(account->us, &events_ops, account, context);
    return nothing();
}

static struct reply do_trust(struct account *account, const char *peer, const json_t *params)
{
    const char *hex = methods_string(params, "fingerprint");
    const json_t *trusted = json_object_get(params, "trusted");
    size_t length = 0;
    unsigned char *raw = hex ? rpc_unhex(hex, &length) : NULL;
    if (!raw || length != 20 || !json_is_boolean(trusted)) {
        free(raw);
        return methods_fail(RPC_INVALID_PARAMS, "fingerprint must be 40 hex digits and trusted true or false");
    }
    ConnContext *context = otrl_context_find(account->us, peer, account->name, account->protocol,
                                             OTRL_INSTAG_MASTER, 0, NULL, NULL, NULL);
    Fingerprint *print = context ? otrl_context_find_fingerprint(context, raw, 0, NULL) : NULL;
    free(raw);
    if (!print) {
        return methods_fail(RPC_UNKNOWN_PEER, "this fingerprint is not known for this peer");
    }
    otrl_context_set_trust(print, json_is_true(trusted) ? "verified" : "");
    if (account_write_fingerprints(account)) {
        account->storage_failed = 0;
        return methods_fail(RPC_STORAGE_FAILED, "the fingerprints could not be written; see standard error");
    }
    return nothing();
}

static struct reply do_extra_key(struct account *account, const char *peer, const json_t *params)
{
    const json_t *use = json_object_get(params, "use");
    const json_t *data = json_object_get(params, "data");
    const char *hex = json_is_string(data) ? methods_string(params, "data") : "";
    size_t length = 0;
    if (!json_is_integer(use) || json_integer_value(use) < 0 || json_integer_value(use) > 0xffffffffLL) {
        return methods_fail(RPC_INVALID_PARAMS, "use must be a number of 32 bits");
    }
    if ((data && !json_is_null(data) && !json_is_string(data)) || !hex) {
        return methods_fail(RPC_INVALID_PARAMS, "data must be hex digits");
    }
    unsigned char *bytes = rpc_unhex(hex, &length);
    if (!bytes || length > MAX_USE_DATA) {
        free(bytes);
        return methods_fail(RPC_INVALID_PARAMS, "data must be hex digits, at most 65531 bytes");
    }
    unsigned char key[OTRL_EXTRAKEY_BYTES];
    ConnContext *context = encrypted(account, peer);
    gcry_error_t err = !context || otrl_message_symkey(account->us, &events_ops, account, context,
                                                       (unsigned int)json_integer_value(use), bytes, length,
                                                       key);
    free(bytes);
    return err ? no_session() : done(json_pack("{s:o}", "key", rpc_hex(key, sizeof key)));
}

/* OTRL_POLICY_ALLOW_ bits of a list such as [2, 3]; 0 if it is none. */
static OtrlPolicy versions_of(const json_t *list)
{
    OtrlPolicy versions = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_int_t version = json_integer_value(json_array_get(list, i));
        if (version != 2 && version != 3) {
            return 0;
        }
        versions |= version == 2 ? OTRL_POLICY_ALLOW_V2 : OTRL_POLICY_ALLOW_V3;
    }
    return versions;
}

static struct reply do_policy(struct account *account, const char *peer, const json_t *params)
{
    const json_t *policy = json_object_get(params, "policy");
    const json_t *versions = json_object_get(params, "versions");
    const char *name = NULL;
    OtrlPolicy bits = 0;
    if (policy && !json_is_null(policy)) {
        name = json_is_string(policy) ? policy_name(json_string_value(policy)) : NULL;
        if (!name) {
            return methods_fail(RPC_INVALID_PARAMS, "policy must be never, manual, opportunistic or always");
        }
    }
    if (versions && !json_is_null(versions)) {
        bits = versions_of(versions);
        if (!bits) {
            return methods_fail(RPC_INVALID_PARAMS, "versions must be a list of 2 and 3");
        }
    }
    struct policy *entry = account_policy(account, peer, name || bits);
    entry->name = name ? name : entry->name;
    entry->versions = bits ? bits : entry->versions;
    return done(json_pack("{s:s, s:o}", "policy", entry->name, "versions", versions_list(entry->versions)));
}

static json_t *smp_state(ConnContext *context)
{
    return !smp_runs(context) ? json_null() : json_string(events_seen(context)->smp_asked ? "asked" : "in_progress");
}

static struct reply do_status(struct account *account, const char *peer, const json_t *params)
{
    (void)params;
    ConnContext *context = methods_best(account, peer);
    OtrlInsTag *tag = otrl_instag_find(account->us, account->name, account->protocol);
    json_t *ours = events_instance(tag ? tag->instag : 0);
    if (!context || context->msgstate == OTRL_MSGSTATE_PLAINTEXT) {
        return done(json_pack("{s:s, s:n, s:n, s:b, s:n, s:o, s:n, s:n}", "state", "plaintext", "version",
                              "their_fingerprint", "trusted", 0, "session_id", "our_instance", ours,
                              "their_instance", "smp"));
    }
    int version = (int)context->protocol_version;
    return done(json_pack("{s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "state", events_state(context->msgstate),
                          "version", version ? json_integer(version) : json_null(), "their_fingerprint",
                          events_fingerprint(context->active_fingerprint), "trusted",
                          otrl_context_is_fingerprint_trusted(context->active_fingerprint), "session_id",
                          events_session_id(context), "our_instance", ours, "their_instance",
                          events_instance(context->their_instance), "smp", smp_state(context)));
}

static struct reply do_debug_keys(struct account *account, const char *peer, const json_t *params)
{
    (void)params;
    return debug_keys(account, peer);
}

static const struct {
    const char *name;
    method *call;
    int has_peer;
} table[] = {
    {"identity", do_identity, 0},   {"start", do_start, 1},           {"send", do_send, 1},
    {"receive", do_receive, 1},     {"end", do_end, 1},               {"heartbeat", do_heartbeat, 1},
    {"smp.start", do_smp_start, 1}, {"smp.answer", do_smp_answer, 1}, {"smp.abort", do_smp_abort, 1},
    {"trust", do_trust, 1},         {"extra_key", do_extra_key, 1},   {"policy", do_policy, 1},
    {"status", do_status, 1},       {"debug.keys", do_debug_keys, 1},
};

/* Names are one line without tabs, as in the files. */
static int is_name(const char *name)
{
    return name && *name && !strpbrk(name, "\t\r\n");
}

struct reply methods_call(struct account *account, const char *method, const json_t *params)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(method, table[i].name)) {
            continue;
        }
        if (params && !json_is_object(params)) {
            return methods_fail(RPC_INVALID_PARAMS, "params must be an object");
        }
        const char *peer = methods_string(params, "peer");
        if (table[i].has_peer && !is_name(peer)) {
            return methods_fail(RPC_INVALID_PARAMS, "peer must be a name without control characters");
        }
        return table[i].call(account, peer, params);
    }
    return methods_fail(RPC_UNKNOWN_METHOD, "there is no such method");
}
