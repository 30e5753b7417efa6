/* ake.json: whole exchanges, with every secret of both sides. */
#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "watch.h"

enum { PLAIN = 8, TRIES = 20000, FULL_DIGITS = 384 };

/* The four messages, and what one side alone knows while it is under way. */
static json_t *run(struct person *initiator, struct person *responder)
{
    scene_forget(initiator);
    scene_forget(responder);
    char *message[4];

    scene_receive(initiator, "?OTRv3?");
    message[0] = scene_take(initiator);
    OtrlAuthInfo *waiting = &scene_master(initiator)->auth;
    json_t *r = hex(waiting->r, sizeof waiting->r);
    json_t *hash = hex(waiting->hashgx, sizeof waiting->hashgx);
    json_t *x = dh_pair(&waiting->our_dh);

    scene_receive(responder, message[0]);
    message[1] = scene_take(responder);
    OtrlAuthInfo *asked = &scene_context(responder)->auth;
    json_t *y = dh_pair(&asked->our_dh);

    scene_receive(initiator, message[1]);
    message[2] = scene_take(initiator);
    OtrlAuthInfo *auth = &scene_context(initiator)->auth;
    json_t *secrets = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "s", watch_power(auth->their_pub, auth->our_dh.priv), "c",
        watch_cipher_key(auth->enc_c), "cPrime", watch_cipher_key(auth->enc_cp), "m1", watch_mac_key(auth->mac_m1), "m2",
        watch_mac_key(auth->mac_m2), "m1Prime", watch_mac_key(auth->mac_m1p), "m2Prime", watch_mac_key(auth->mac_m2p));

    scene_receive(responder, message[2]);
    message[3] = scene_take(responder);
    scene_receive(initiator, message[3]);
    if (!initiator->heard.secure || initiator->out_count || responder->out_count) {
        die("an exchange failed");
    }

    json_t *made = json_pack("{s:o, s:o, s:o, s:o, s:o, s:{s:s, s:s, s:s, s:s}}", "r", r, "hashGx", hash, "x", x, "y", y,
                             "secrets", secrets, "messages", "dhCommit", message[0], "dhKey", message[1],
                             "revealSignature", message[2], "signature", message[3]);
    for (int i = 0; i < 4; i++) {
        free(message[i]);
    }
    return made;
}

static json_t *side(struct person *person)
{
    ConnContext *context = scene_context(person);
    unsigned char fingerprint[20];
    if (!otrl_privkey_fingerprint_raw(person->us, fingerprint, person->name, PROTOCOL) ||
        memcmp(fingerprint, scene_context(person->peer)->active_fingerprint->fingerprint, 20)) {
        die("the fingerprints differ");
    }
    return json_pack("{s:o, s:o, s:o, s:I, s:s}", "dsa", dsa_key(scene_key(person), "pqgyx"), "fingerprint",
                     hex(fingerprint, 20), "instanceTag", hex_tag(scene_tag(person)), "keyid",
                     (json_int_t)context->context_priv->our_keyid - 1, "half",
                     context->sessionid_half == OTRL_SESSIONID_FIRST_HALF_BOLD ? "first" : "second");
}

static void add(json_t *tests, struct person *initiator, json_t *exchange, const char *comment, const char *flags)
{
    ConnContext *context = scene_context(initiator);
    json_t *test = test_case(comment, flags, "valid");
    json_object_set_new(test, "initiator", side(initiator));
    json_object_set_new(test, "responder", side(initiator->peer));
    json_object_update(test, exchange);
    json_object_set_new(test, "sessionId", hex(context->sessionid, context->sessionid_len));
    json_array_append_new(tests, test);
    json_decref(exchange);
}

static int is_short(json_t *exchange, const char *object, const char *field)
{
    return json_string_length(json_object_get(json_object_get(exchange, object), field)) < FULL_DIGITS;
}

static const struct {
    const char *object, *field, *comment, *flag;
} rare[] = {
    {"x", "public", "g^x has a leading zero byte", "ShortGx"},
    {"y", "public", "g^y has a leading zero byte", "ShortGy"},
    {"secrets", "s", "the shared secret has a leading zero byte", "ShortSecret"},
};

void record_ake(const char *directory, struct person *alice, struct person *bob)
{
    json_t *group = test_group("OtrAke");
    json_t *tests = json_object_get(group, "tests");
    json_object_set_new(group, "version", json_integer(3));
    for (int i = 0; i < PLAIN; i++) {
        scene_new_keys(alice);
        scene_new_keys(bob);
        struct person *initiator = i % 2 ? alice : bob;
        add(tests, initiator, run(initiator, initiator->peer), "new keys", "");
    }
    int found[3] = {0}, missing = 3;
    for (int try = 0; missing; try++) {
        if (try == TRIES) {
            die("no number with a leading zero byte turned up");
        }
        json_t *exchange = run(bob, alice);
        int used = 0;
        for (size_t i = 0; i < 3 && !used; i++) {
            if (!found[i] && is_short(exchange, rare[i].object, rare[i].field)) {
                add(tests, bob, exchange, rare[i].comment, rare[i].flag);
                used = found[i] = 1;
                missing--;
            }
        }
        if (!used) {
            json_decref(exchange);
        }
    }
    write_vectors(directory, "ake.json", "OTRv3-AKE",
                  json_pack("[s, s, s, s]", "Whole authenticated key exchanges with all secrets of both sides.",
                            "initiator sends the D-H Commit message (r, x); responder sends the D-H Key message (y).",
                            "Numbers are hex, big-endian, without leading zero bytes; half is what that side reads out.",
                            "c, cPrime, m1, m2, m1Prime and m2Prime are the keys libotr set on libgcrypt's handles."),
                  json_pack("[o]", group));
}
