/* data.json: conversations after an exchange; fragments.json: what becomes of their messages on short lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libotr/b64.h>

#include "scene.h"
#include "watch.h"

enum { CONVERSATIONS = 3, MESSAGES = 28, MAC_BYTES = 20, QUEUE = 64 };

/* A message under way. */
struct pending {
    json_int_t id;
    char *wire;
    const char *text;
    int tlvs;
    int tamper; /* an altered copy goes before it and a replay behind it */
};

struct talk {
    json_t *tests, *order;
    struct pending queue[2][QUEUE]; /* to alice, to bob */
    size_t waiting[2];
    unsigned long long dice;
};

/* xorshift64: the rhythm must repeat from its seed, nothing else. */
static unsigned int roll(struct talk *talk, unsigned int sides)
{
    talk->dice ^= talk->dice << 13;
    talk->dice ^= talk->dice >> 7;
    talk->dice ^= talk->dice << 17;
    return (unsigned int)(talk->dice >> 33) % sides;
}

static const char *const texts[] = {
    "hello", "a", "Zażółć gęślą jaźń \xf0\x9f\x94\x92", "<b>bold</b> &amp; <i>italic</i>", "  blanks around  ",
    "two\nlines\tand a tab", "?OTR is only a word here",
    "A longer line that goes well beyond one cipher block, so that the counter mode has to count: "
    "0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789.",
};

static json_t *tlv_list(const OtrlTLV *tlv)
{
    json_t *list = json_array();
    for (; tlv; tlv = tlv->next) {
        json_array_append_new(list, json_pack("{s:i, s:o}", "type", (int)tlv->type, "value", hex(tlv->data, tlv->len)));
    }
    return list;
}

static json_t *mac_keys(const ConnContextPriv *keys)
{
    json_t *list = json_array();
    for (unsigned int i = 0; i < keys->numsavedkeys; i++) {
        json_array_append_new(list, hex(keys->saved_mac_keys + MAC_BYTES * i, MAC_BYTES));
    }
    return list;
}

/* Our D-H pair with that number. */
static const DH_keypair *pair_of(const ConnContextPriv *keys, unsigned int keyid)
{
    if (keyid != keys->our_keyid && keyid != keys->our_keyid - 1) {
        die("a key is gone");
    }
    return keyid == keys->our_keyid ? &keys->our_dh_key : &keys->our_old_dh_key;
}

/* Everything the next message of `from` will use, read before it is made: making it uses up the old MAC keys, and a
 * disconnect wipes all. Only the counter is one less than the message will say. */
static json_t *secrets_before(struct person *from)
{
    const ConnContextPriv *keys = scene_context(from)->context_priv;
    const ConnContextPriv *theirs = scene_context(from->peer)->context_priv;
    const DH_sesskeys *session = &keys->sesskeys[1][0];
    unsigned char counter[16];
    memcpy(counter, session->sendctr, sizeof counter);
    otrl_dh_incctr(counter);
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "senderKeyid", (json_int_t)keys->our_keyid - 1,
                     "recipientKeyid", (json_int_t)keys->their_keyid, "counter", hex(counter, 8), "senderDh",
                     dh_pair(&keys->our_old_dh_key), "recipientDh", dh_pair(pair_of(theirs, keys->their_keyid)), "nextDh",
                     dh_pair(&keys->our_dh_key), "sendingAesKey", watch_cipher_key(session->sendenc), "sendingMacKey",
                     hex(session->sendmackey, MAC_BYTES), "extraKey", hex(session->extrakey, OTRL_EXTRAKEY_BYTES),
                     "revealedMacKeys", mac_keys(keys));
}

static int index_of(const struct person *person)
{
    return person->name[0] == 'b';
}

/* Enters a message that has been made into the tests, the order and the queue. Takes over `wire` and `secrets`. */
static void enter(struct talk *talk, struct person *from, const char *kind, const char *comment, const char *text,
                  const OtrlTLV *tlvs, int flags, char *wire, json_t *secrets)
{
    json_t *test = test_case(comment, kind, "valid");
    json_int_t id = json_integer_value(json_object_get(test, "tcId"));
    json_object_set_new(test, "from", json_string(from->name));
    json_object_set_new(test, "text", hex((const unsigned char *)text, strlen(text)));
    json_object_set_new(test, "tlvs", tlv_list(tlvs));
    json_object_set_new(test, "messageFlags", json_integer(flags));
    json_object_set_new(test, "wire", json_string(wire));
    json_object_update(test, secrets);
    json_decref(secrets);
    json_array_append_new(talk->tests, test);
    json_array_append_new(talk->order, json_pack("{s:I}", "send", id));

    int to = !index_of(from);
    if (talk->waiting[to] == QUEUE) {
        die("too many messages wait");
    }
    int count = 0;
    for (const OtrlTLV *tlv = tlvs; tlv; tlv = tlv->next) {
        count++;
    }
    talk->queue[to][talk->waiting[to]++] = (struct pending){id, wire, text, count, !flags && roll(talk, 6) == 0};
}

static void send_text(struct talk *talk, struct person *from, const char *comment, const char *kind, OtrlTLV *tlvs)
{
    const char *text = texts[roll(talk, sizeof texts / sizeof *texts)];
    char *wire = NULL;
    json_t *secrets = secrets_before(from);
    if (otrl_message_sending(from->us, &scene_ops, from, from->name, PROTOCOL, from->peer->name, OTRL_INSTAG_BEST, text,
                             tlvs, &wire, OTRL_FRAGMENT_SEND_SKIP, NULL, NULL, NULL) || !wire) {
        die("a text could not be sent");
    }
    enter(talk, from, kind, comment, text, tlvs, 0, wire, secrets);
    otrl_tlv_free(tlvs);
}

static void send_padded(struct talk *talk, struct person *from)
{
    unsigned char zeros[300] = {0};
    OtrlTLV *padding = otrl_tlv_new(OTRL_TLV_PADDING, (unsigned short)(1 + roll(talk, sizeof zeros)), zeros);
    if (roll(talk, 2)) {
        padding->next = otrl_tlv_new(0x1234, 5, (const unsigned char *)"other");
    }
    send_text(talk, from, "text with padding", padding->next ? "Text Padding UnknownTlv" : "Text Padding", padding);
}

static void send_heartbeat(struct talk *talk, struct person *from)
{
    char *wire = NULL;
    json_t *secrets = secrets_before(from);
    if (otrl_proto_create_data(&wire, scene_context(from), "", NULL, OTRL_MSGFLAGS_IGNORE_UNREADABLE, NULL)) {
        die("a heartbeat could not be made");
    }
    enter(talk, from, "Heartbeat", "heartbeat", "", NULL, OTRL_MSGFLAGS_IGNORE_UNREADABLE, wire, secrets);
}

static void send_extra_key(struct talk *talk, struct person *from)
{
    static const unsigned char value[] = {0, 0, 0, 42, 'f', 'i', 'l', 'e'};
    unsigned char key[OTRL_EXTRAKEY_BYTES];
    json_t *secrets = secrets_before(from);
    if (otrl_message_symkey(from->us, &scene_ops, from, scene_context(from), 42, value + 4, 4, key)) {
        die("the extra key could not be used");
    }
    json_t *told = hex(key, sizeof key);
    if (!json_equal(told, json_object_get(secrets, "extraKey"))) {
        die("two extra keys");
    }
    json_decref(told);
    OtrlTLV *tlv = otrl_tlv_new(OTRL_TLV_SYMKEY, sizeof value, value);
    enter(talk, from, "ExtraKey", "use of the extra symmetric key", "", tlv, OTRL_MSGFLAGS_IGNORE_UNREADABLE,
          scene_take(from), secrets);
    otrl_tlv_free(tlv);
}

static void send_disconnect(struct talk *talk, struct person *from)
{
    json_t *secrets = secrets_before(from);
    otrl_message_disconnect(from->us, &scene_ops, from, from->name, PROTOCOL, from->peer->name, scene_tag(from->peer));
    OtrlTLV *tlv = otrl_tlv_new(OTRL_TLV_DISCONNECTED, 0, NULL);
    enter(talk, from, "Disconnect", "end of the session", "", tlv, OTRL_MSGFLAGS_IGNORE_UNREADABLE, scene_take(from),
          secrets);
    otrl_tlv_free(tlv);
}

static size_t length_at(const unsigned char *raw, size_t at, size_t length)
{
    if (at + 4 > length) {
        die("a message is too short");
    }
    return (size_t)raw[at] << 24 | (size_t)raw[at + 1] << 16 | (size_t)raw[at + 2] << 8 | raw[at + 3];
}

/* The message with one bit of its MAC turned (malloc). */
static char *altered(const char *wire)
{
    unsigned char *raw = NULL;
    size_t length = 0;
    if (otrl_base64_otr_decode(wire, &raw, &length)) {
        die("a message is not base64");
    }
    /* header 3, tags 8, flags 1, keyids 8, next D-H key, counter 8, text, MAC 20, revealed keys */
    size_t counter = 20 + 4 + length_at(raw, 20, length);
    size_t mac = counter + 8 + 4 + length_at(raw, counter + 8, length);
    if (mac >= length) {
        die("a message has no MAC");
    }
    raw[mac] ^= 1;
    char *made = otrl_base64_otr_encode(raw, length);
    free(raw);
    return made;
}

static void refuse(struct talk *talk, struct person *to, const char *wire, const char *comment, const char *kind)
{
    json_t *test = test_case(comment, kind, "invalid");
    json_object_set_new(test, "from", json_string(to->peer->name));
    json_object_set_new(test, "wire", json_string(wire));
    json_array_append_new(talk->order, json_pack("{s:O}", "receive", json_object_get(test, "tcId")));
    json_array_append_new(talk->tests, test);
    scene_receive(to, wire);
    if (!to->heard.unreadable || to->heard.text) {
        die("libotr took a message that it should refuse");
    }
    scene_drop(to); /* its complaint */
}

static void deliver(struct talk *talk, struct person *to)
{
    int side = index_of(to);
    struct pending next = talk->queue[side][0];
    memmove(talk->queue[side], talk->queue[side] + 1, --talk->waiting[side] * sizeof next);
    if (next.tamper) {
        char *wrong = altered(next.wire);
        refuse(talk, to, wrong, "one bit of the MAC turned", "WrongMac");
        free(wrong);
    }
    json_array_append_new(talk->order, json_pack("{s:I}", "receive", next.id));
    scene_receive(to, next.wire);
    const char *shown = to->heard.text ? to->heard.text : "";
    int count = 0;
    for (const OtrlTLV *tlv = to->heard.tlvs; tlv; tlv = tlv->next) {
        count++;
    }
    if (strcmp(shown, next.text) || count != next.tlvs || to->out_count) {
        die("a message arrived otherwise than it was sent");
    }
    if (next.tamper) {
        refuse(talk, to, next.wire, "the message before once more", "Replay");
    }
    free(next.wire);
}

static json_t *begin(struct person *person)
{
    const ConnContextPriv *keys = scene_context(person)->context_priv;
    return json_pack("{s:o, s:I, s:o, s:o, s:I, s:o}", "instanceTag", hex_tag(scene_tag(person)), "ourKeyid",
                     (json_int_t)keys->our_keyid, "ourDh", dh_pair(&keys->our_dh_key), "ourOldDh",
                     dh_pair(&keys->our_old_dh_key), "theirKeyid", (json_int_t)keys->their_keyid, "theirY",
                     hex_mpi(keys->their_y));
}

static json_t *converse(struct person *alice, struct person *bob, int seed)
{
    struct person *both[] = {alice, bob};
    struct talk talk = {.dice = 0x9e3779b97f4a7c15ULL * (unsigned)seed, .order = json_array()};
    json_t *group = test_group("OtrDataConversation");
    talk.tests = json_object_get(group, "tests");
    scene_connect(both[seed % 2]);
    json_object_set_new(group, "version", json_integer(3));
    json_object_set_new(group, "seed", json_integer(seed));
    json_object_set_new(group, "alice", begin(alice));
    json_object_set_new(group, "bob", begin(bob));
    json_object_set_new(group, "order", talk.order);

    for (int i = 0; i < MESSAGES; i++) {
        struct person *from = both[roll(&talk, 2)];
        switch (i % 14) {
        case 5: send_heartbeat(&talk, from); break;
        case 8: send_padded(&talk, from); break;
        case 11: send_extra_key(&talk, from); break;
        default: send_text(&talk, from, "text", "Text", NULL);
        }
        for (int side = 0; side < 2; side++) {
            for (unsigned int go = roll(&talk, 4); go && talk.waiting[side]; go--) {
                deliver(&talk, both[side]);
            }
        }
    }
    for (int side = 0; side < 2; side++) {
        while (talk.waiting[side]) {
            deliver(&talk, both[side]);
        }
    }
    send_disconnect(&talk, both[seed % 2]);
    deliver(&talk, both[!(seed % 2)]);
    if (scene_context(both[!(seed % 2)])->msgstate != OTRL_MSGSTATE_FINISHED) {
        die("a session did not end");
    }
    return group;
}

void record_data(const char *directory, struct person *alice, struct person *bob)
{
    json_t *groups = json_array();
    for (int seed = 1; seed <= CONVERSATIONS; seed++) {
        json_array_append_new(groups, converse(alice, bob, seed));
    }
    write_vectors(directory, "data.json", "OTRv3-DataMessage",
                  json_pack("[s, s, s, s, s]", "Conversations after an exchange, with all secrets.",
                            "order lists by tcId what happens: a message is made (send) or reaches the other (receive).",
                            "alice and bob give the D-H keys after the exchange. senderDh and recipientDh belong to "
                            "senderKeyid and recipientKeyid; nextDh is the key the message announces.",
                            "text is the UTF-8 text without the NUL that follows it, if TLVs do.",
                            "invalid messages are refused and change nothing: they only appear as receive."),
                  groups);
}

void record_fragments(const char *directory, struct person *alice, struct person *bob)
{
    static const int sizes[] = {40, 100, 150, 399, 1000};
    json_t *group = test_group("OtrFragments");
    scene_connect(alice);
    json_object_set_new(group, "version", json_integer(3));
    json_object_set_new(group, "senderInstanceTag", hex_tag(scene_tag(alice)));
    json_object_set_new(group, "recipientInstanceTag", hex_tag(scene_tag(bob)));

    char long_text[1500];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    const char *sources[] = {"short", long_text};
    for (size_t which = 0; which < 2; which++) {
        char *wire = NULL;
        if (otrl_proto_create_data(&wire, scene_context(alice), sources[which], NULL, 0, NULL)) {
            die("a message could not be made");
        }
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            int length = (int)strlen(wire);
            if (length <= sizes[i]) {
                continue;
            }
            int count = (length - 1) / (sizes[i] - 37) + 1;
            char **pieces = NULL, *whole = NULL;
            if (otrl_proto_fragment_create(sizes[i], count, &pieces, scene_context(alice), wire)) {
                die("fragments could not be made");
            }
            json_t *test = test_case("as sent, in order", which ? "LongMessage" : "ShortMessage", "valid");
            json_t *list = json_array();
            for (int piece = 0; piece < count; piece++) {
                json_array_append_new(list, json_string(pieces[piece]));
                otrl_proto_fragment_accumulate(&whole, scene_context(bob), pieces[piece]);
            }
            if (!whole || strcmp(whole, wire)) {
                die("the fragments do not make the message");
            }
            json_object_set_new(test, "size", json_integer(sizes[i]));
            json_object_set_new(test, "message", json_string(wire));
            json_object_set_new(test, "fragments", list);
            json_array_append_new(json_object_get(group, "tests"), test);
            free(whole);
            otrl_proto_fragment_free(&pieces, (unsigned short)count);
        }
        free(wire);
    }
    write_vectors(directory, "fragments.json", "OTRv3-Fragments",
                  json_pack("[s]", "Messages and the fragments libotr makes of them for lines of size bytes."),
                  json_pack("[o]", group));
}
