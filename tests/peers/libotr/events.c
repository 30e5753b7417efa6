#include "events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc.h"

/* libotr writes 0 where there is no version. */
static json_t *number_or_null(unsigned int number)
{
    return number ? json_integer(number) : json_null();
}

void events_attach(void *data, ConnContext *context)
{
    (void)data;
    context->app_data = calloc(1, sizeof(struct seen));
    context->app_data_free = free;
}

struct seen *events_seen(ConnContext *context)
{
    if (!context->app_data) {
        events_attach(NULL, context);
    }
    return context->app_data;
}

void events_inject(const char *peer, const char *message)
{
    rpc_notify("inject", json_pack("{s:o, s:o}", "peer", rpc_text(peer), "message", rpc_text(message)));
}

const char *events_state(OtrlMessageState state)
{
    return state == OTRL_MSGSTATE_ENCRYPTED ? "encrypted"
         : state == OTRL_MSGSTATE_FINISHED  ? "finished"
                                            : "plaintext";
}

json_t *events_instance(otrl_instag_t tag)
{
    char hex[9];
    if (tag < OTRL_MIN_VALID_INSTAG) {
        return json_null();
    }
    snprintf(hex, sizeof hex, "%08x", tag);
    return json_string(hex);
}

json_t *events_fingerprint(const Fingerprint *fingerprint)
{
    return rpc_hex(fingerprint ? fingerprint->fingerprint : NULL, 20);
}

json_t *events_session_id(const ConnContext *context)
{
    if (context->msgstate != OTRL_MSGSTATE_ENCRYPTED || !context->sessionid_len) {
        return json_null();
    }
    return json_pack("{s:o, s:s}", "value", rpc_hex(context->sessionid, context->sessionid_len), "ours",
                     context->sessionid_half == OTRL_SESSIONID_FIRST_HALF_BOLD ? "first" : "second");
}

static void announce(ConnContext *context, int initiated, int refreshed)
{
    int trusted = otrl_context_is_fingerprint_trusted(context->active_fingerprint);
    events_seen(context)->announced = context->msgstate;
    events_seen(context)->fingerprint = context->active_fingerprint;
    rpc_notify("session",
               json_pack("{s:o, s:s, s:o, s:o, s:b, s:o, s:b, s:b, s:o}", "peer", rpc_text(context->username),
                         "state", events_state(context->msgstate), "version",
                         number_or_null(context->protocol_version), "their_fingerprint",
                         events_fingerprint(context->active_fingerprint), "trusted", trusted, "session_id",
                         events_session_id(context), "initiated_by_us", initiated, "refreshed", refreshed,
                         "their_instance", events_instance(context->their_instance)));
}

void events_announce_ended(struct account *account, const char *peer)
{
    for (ConnContext *context = account->us->context_root; context; context = context->next) {
        struct seen *seen = events_seen(context);
        if ((peer && strcmp(context->username, peer)) || seen->announced == context->msgstate ||
            context->msgstate == OTRL_MSGSTATE_ENCRYPTED || context->auth.authstate != OTRL_AUTHSTATE_NONE) {
            continue; /* a session, or an exchange whose outcome will be told */
        }
        seen->smp_asked = 0;
        /* An instance that never had a session has no end to tell. */
        if (seen->announced != OTRL_MSGSTATE_PLAINTEXT) {
            announce(context, 0, 0);
        }
    }
}

static OtrlPolicy on_policy(void *opdata, ConnContext *context)
{
    return policy_bits(account_policy(opdata, context->username, 0));
}

static int on_is_logged_in(void *opdata, const char *account, const char *protocol, const char *peer)
{
    (void)opdata, (void)account, (void)protocol, (void)peer;
    return 1;
}

static void on_inject(void *opdata, const char *account, const char *protocol, const char *peer,
                      const char *message)
{
    (void)account, (void)protocol;
    /* To a peer who has ended the session libotr "sends" an empty message: there is nothing to carry. */
    if (!((struct account *)opdata)->finished) {
        events_inject(peer, message);
    }
}

static void on_new_fingerprint(void *opdata, OtrlUserState us, const char *account, const char *protocol,
                               const char *peer, unsigned char fingerprint[20])
{
    (void)opdata, (void)us, (void)account, (void)protocol;
    rpc_notify("fingerprint", json_pack("{s:o, s:o, s:b}", "peer", rpc_text(peer), "fingerprint",
                                        rpc_hex(fingerprint, 20), "known", 0));
}

static void warn(const char *peer, const char *code, const char *text)
{
    rpc_notify("warning", json_pack("{s:o, s:s, s:o}", "peer", rpc_text(peer), "code", code, "text",
                                    rpc_text(text)));
}

static void on_write_fingerprints(void *opdata)
{
    account_write_fingerprints(opdata);
}

static void on_gone_secure(void *opdata, ConnContext *context)
{
    (void)opdata;
    /* A refresh: the same key as before, and no end was told in between. */
    struct seen *seen = events_seen(context);
    int refreshed =
        seen->announced == OTRL_MSGSTATE_ENCRYPTED && seen->fingerprint == context->active_fingerprint;
    seen->smp_asked = refreshed && seen->smp_asked;
    announce(context, context->auth.initiated, refreshed);
}

static void on_still_secure(void *opdata, ConnContext *context, int initiated)
{
    (void)opdata;
    announce(context, initiated, 1);
}

static int on_max_message_size(void *opdata, ConnContext *context)
{
    (void)context;
    return ((struct account *)opdata)->max_message_size;
}

static void on_received_symkey(void *opdata, ConnContext *context, unsigned int use, const unsigned char *data,
                               size_t length, const unsigned char *key)
{
    (void)opdata;
    rpc_notify("extra_key", json_pack("{s:o, s:I, s:o, s:o}", "peer", rpc_text(context->username), "use",
                                      (json_int_t)use, "data", rpc_hex(data, length), "key",
                                      rpc_hex(key, OTRL_EXTRAKEY_BYTES)));
}

static const char *on_error_message(void *opdata, ConnContext *context, OtrlErrorCode code)
{
    (void)opdata, (void)context;
    switch (code) {
    case OTRL_ERRCODE_ENCRYPTION_ERROR:
        return "Error occurred encrypting message.";
    case OTRL_ERRCODE_MSG_NOT_IN_PRIVATE:
        return "You sent encrypted data to a peer who wasn't expecting it.";
    case OTRL_ERRCODE_MSG_UNREADABLE:
        return "You transmitted an unreadable encrypted message.";
    case OTRL_ERRCODE_MSG_MALFORMED:
        return "You transmitted a malformed data message.";
    case OTRL_ERRCODE_NONE:
        break;
    }
    return NULL;
}

static void on_smp_event(void *opdata, OtrlSMPEvent event, ConnContext *context, unsigned short progress,
                         char *question)
{
    struct account *account = opdata;
    const char *name = NULL;
    int give_up = 0;

    switch (event) {
    case OTRL_SMPEVENT_ASK_FOR_ANSWER:
    case OTRL_SMPEVENT_ASK_FOR_SECRET:
        name = "asked";
        break;
    case OTRL_SMPEVENT_IN_PROGRESS:
        name = "in_progress";
        break;
    case OTRL_SMPEVENT_SUCCESS:
        name = "succeeded";
        break;
    case OTRL_SMPEVENT_FAILURE:
        name = "failed";
        break;
    case OTRL_SMPEVENT_ABORT:
        name = "aborted";
        break;
    case OTRL_SMPEVENT_ERROR: /* a step that was not due */
        name = "aborted";
        give_up = 1;
        break;
    case OTRL_SMPEVENT_CHEATED:
        name = "cheated";
        give_up = 1;
        break;
    case OTRL_SMPEVENT_NONE:
        return;
    }
    events_seen(context)->smp_asked = !strcmp(name, "asked");
    json_t *params = json_pack("{s:o, s:s, s:i}", "peer", rpc_text(context->username), "event", name,
                               "progress", (int)progress);
    if (question) {
        json_object_set_new(params, "question", rpc_text(question));
    }
    if (give_up) {
        otrl_message_abort_smp(account->us, &events_ops, account, context);
    }
    rpc_notify("smp", params);
}

static void on_message_event(void *opdata, OtrlMessageEvent event, ConnContext *context, const char *message,
                             gcry_error_t err)
{
    struct account *account = opdata;
    const char *peer = context ? context->username : NULL;

    switch (event) {
    case OTRL_MSGEVENT_ENCRYPTION_REQUIRED:
        account->encryption_required = 1;
        break;
    case OTRL_MSGEVENT_CONNECTION_ENDED:
        account->finished = 1;
        break;
    case OTRL_MSGEVENT_ENCRYPTION_ERROR:
        account->encryption_failed = 1;
        warn(peer, "other", "a message could not be encrypted and was not sent");
        break;
    case OTRL_MSGEVENT_SETUP_ERROR:
        warn(peer, "other", gcry_strerror(err));
        break;
    case OTRL_MSGEVENT_MSG_REFLECTED:
        warn(peer, "other", "our own messages come back to us");
        break;
    case OTRL_MSGEVENT_MSG_RESENT:
        warn(peer, "resend", "the last message was sent again");
        break;
    case OTRL_MSGEVENT_RCVDMSG_NOT_IN_PRIVATE:
        warn(peer, "not_in_private", "an encrypted message arrived, but there is no session");
        break;
    case OTRL_MSGEVENT_RCVDMSG_UNREADABLE:
        warn(peer, "unreadable", "an encrypted message could not be read");
        break;
    case OTRL_MSGEVENT_RCVDMSG_MALFORMED:
        warn(peer, "malformed", "a malformed message arrived");
        break;
    case OTRL_MSGEVENT_RCVDMSG_GENERAL_ERR:
        warn(peer, "peer_error", message);
        break;
    case OTRL_MSGEVENT_RCVDMSG_UNENCRYPTED:
        warn(peer, "unencrypted_received", message);
        break;
    case OTRL_MSGEVENT_RCVDMSG_UNRECOGNIZED:
        warn(peer, "other", "an OTR message of a kind unknown to us arrived");
        break;
    case OTRL_MSGEVENT_RCVDMSG_FOR_OTHER_INSTANCE:
        warn(peer, "for_other_instance", "a message for another of our instances arrived");
        break;
    case OTRL_MSGEVENT_LOG_HEARTBEAT_RCVD:
    case OTRL_MSGEVENT_LOG_HEARTBEAT_SENT:
    case OTRL_MSGEVENT_NONE:
        break;
    }
}

/* Nothing is converted: libotr calls this once for each data message it has opened. */
static void on_convert(void *opdata, ConnContext *context, OtrlConvertType type, char **converted,
                       const char *message)
{
    (void)context, (void)message;
    *converted = NULL;
    if (type == OTRL_CONVERT_RECEIVING) {
        ((struct account *)opdata)->decrypted = 1;
    }
}

const OtrlMessageAppOps events_ops = {
    .policy = on_policy,
    .is_logged_in = on_is_logged_in,
    .inject_message = on_inject,
    .new_fingerprint = on_new_fingerprint,
    .write_fingerprints = on_write_fingerprints,
    .gone_secure = on_gone_secure,
    .still_secure = on_still_secure,
    .max_message_size = on_max_message_size,
    .received_symkey = on_received_symkey,
    .otr_error_message = on_error_message,
    .handle_smp_event = on_smp_event,
    .handle_msg_event = on_message_event,
    .convert_msg = on_convert,
};
