#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <libotr/instag.h>

static json_int_t tests_made;

void die(const char *why)
{
    fprintf(stderr, "libotr-record: %s\n", why);
    exit(1);
}

static OtrlPolicy on_policy(void *opdata, ConnContext *context)
{
    (void)context;
    return ((struct person *)opdata)->policy;
}

static int on_is_logged_in(void *opdata, const char *account, const char *protocol, const char *peer)
{
    (void)opdata, (void)account, (void)protocol, (void)peer;
    return 1;
}

static void on_inject(void *opdata, const char *account, const char *protocol, const char *peer,
                      const char *message)
{
    (void)account, (void)protocol, (void)peer;
    struct person *person = opdata;
    person->out = realloc(person->out, (person->out_count + 1) * sizeof *person->out);
    person->out[person->out_count++] = strdup(message);
}

static void on_gone_secure(void *opdata, ConnContext *context)
{
    (void)context;
    ((struct person *)opdata)->heard.secure = 1;
}

static void on_symkey(void *opdata, ConnContext *context, unsigned int use, const unsigned char *data, size_t length,
                      const unsigned char *key)
{
    (void)context, (void)use, (void)data, (void)length;
    memcpy(((struct person *)opdata)->heard.extra_key, key, OTRL_EXTRAKEY_BYTES);
}

static const char *on_error_message(void *opdata, ConnContext *context, OtrlErrorCode code)
{
    (void)opdata, (void)context;
    return code == OTRL_ERRCODE_MSG_MALFORMED ? "You transmitted a malformed data message."
                                              : "You transmitted an unreadable encrypted message.";
}

static void on_message_event(void *opdata, OtrlMessageEvent event, ConnContext *context, const char *message,
                             gcry_error_t err)
{
    (void)context, (void)message, (void)err;
    struct heard *heard = &((struct person *)opdata)->heard;
    heard->unreadable |= event == OTRL_MSGEVENT_RCVDMSG_UNREADABLE;
    heard->malformed |= event == OTRL_MSGEVENT_RCVDMSG_MALFORMED;
}

const OtrlMessageAppOps scene_ops = {
    .policy = on_policy,
    .is_logged_in = on_is_logged_in,
    .inject_message = on_inject,
    .gone_secure = on_gone_secure,
    .received_symkey = on_symkey,
    .otr_error_message = on_error_message,
    .handle_msg_event = on_message_event,
};

void scene_new_keys(struct person *person)
{
    FILE *file = fdopen(memfd_create("keys", MFD_CLOEXEC), "w+");
    scene_forget(person);
    otrl_privkey_forget_all(person->us);
    otrl_instag_forget_all(person->us);
    if (!file || otrl_privkey_generate_FILEp(person->us, file, person->name, PROTOCOL) ||
        otrl_instag_generate_FILEp(person->us, file, person->name, PROTOCOL)) {
        die("keys cannot be made");
    }
    fclose(file);
}

void scene_open(struct person *alice, struct person *bob)
{
    struct person *both[] = {alice, bob};
    for (int i = 0; i < 2; i++) {
        memset(both[i], 0, sizeof *both[i]);
        both[i]->name = i ? "bob" : "alice";
        both[i]->peer = both[!i];
        both[i]->policy = OTRL_POLICY_ALLOW_V3;
        both[i]->us = otrl_userstate_create();
        scene_new_keys(both[i]);
    }
}

void scene_drop(struct person *person)
{
    while (person->out_count) {
        free(scene_take(person));
    }
}

void scene_forget(struct person *person)
{
    scene_drop(person);
    otrl_context_forget_all(person->us);
}

static ConnContext *find(struct person *person, otrl_instag_t tag)
{
    ConnContext *context =
        otrl_context_find(person->us, person->peer->name, person->name, PROTOCOL, tag, 0, NULL, NULL, NULL);
    if (!context) {
        die("a context is missing");
    }
    return context;
}

ConnContext *scene_master(struct person *person)
{
    return find(person, OTRL_INSTAG_MASTER);
}

ConnContext *scene_context(struct person *person)
{
    return find(person, scene_tag(person->peer));
}

OtrlPrivKey *scene_key(struct person *person)
{
    return otrl_privkey_find(person->us, person->name, PROTOCOL);
}

otrl_instag_t scene_tag(struct person *person)
{
    return otrl_instag_find(person->us, person->name, PROTOCOL)->instag;
}

void scene_receive(struct person *person, const char *message)
{
    free(person->heard.text);
    otrl_tlv_free(person->heard.tlvs);
    memset(&person->heard, 0, sizeof person->heard);
    char *replaced = NULL;
    int ignore = otrl_message_receiving(person->us, &scene_ops, person, person->name, PROTOCOL, person->peer->name,
                                        message, &replaced, &person->heard.tlvs, NULL, NULL, NULL);
    person->heard.text = ignore ? NULL : strdup(replaced ? replaced : message);
    otrl_message_free(replaced);
}

char *scene_take(struct person *person)
{
    if (!person->out_count) {
        die("a message is missing");
    }
    char *first = person->out[0];
    memmove(person->out, person->out + 1, --person->out_count * sizeof *person->out);
    return first;
}

void scene_connect(struct person *initiator)
{
    struct person *responder = initiator->peer;
    scene_forget(initiator);
    scene_forget(responder);
    scene_receive(initiator, "?OTRv3?");
    while (initiator->out_count || responder->out_count) {
        struct person *sender = initiator->out_count ? initiator : responder;
        char *message = scene_take(sender);
        scene_receive(sender->peer, message);
        free(message);
    }
    if (scene_context(initiator)->msgstate != OTRL_MSGSTATE_ENCRYPTED ||
        scene_context(responder)->msgstate != OTRL_MSGSTATE_ENCRYPTED) {
        die("an exchange failed");
    }
}

json_t *hex(const unsigned char *bytes, size_t length)
{
    char *text = malloc(2 * length + 1);
    for (size_t i = 0; i < length; i++) {
        sprintf(text + 2 * i, "%02x", bytes[i]);
    }
    json_t *made = json_stringn(text, 2 * length);
    free(text);
    return made;
}

json_t *hex_mpi(gcry_mpi_t number)
{
    unsigned char *bytes = NULL;
    size_t length = 0;
    if (!number || gcry_mpi_aprint(GCRYMPI_FMT_USG, &bytes, &length, number)) {
        die("a number is missing");
    }
    json_t *made = hex(bytes, length);
    gcry_free(bytes);
    return made;
}

json_t *hex_tag(otrl_instag_t tag)
{
    char text[9];
    snprintf(text, sizeof text, "%08x", tag);
    return json_string(text);
}

gcry_mpi_t dsa_part(OtrlPrivKey *key, char part)
{
    gcry_sexp_t found = gcry_sexp_find_token(key->privkey, &part, 1);
    gcry_mpi_t number = found ? gcry_sexp_nth_mpi(found, 1, GCRYMPI_FMT_USG) : NULL;
    gcry_sexp_release(found);
    if (!number) {
        die("a key lacks a number");
    }
    return number;
}

json_t *dsa_key(OtrlPrivKey *key, const char *parts)
{
    json_t *made = json_object();
    for (; *parts; parts++) {
        char name[] = {*parts, 0};
        gcry_mpi_t number = dsa_part(key, *parts);
        json_object_set_new(made, name, hex_mpi(number));
        gcry_mpi_release(number);
    }
    return made;
}

json_t *dh_pair(const DH_keypair *pair)
{
    return json_pack("{s:o, s:o}", "private", hex_mpi(pair->priv), "public", hex_mpi(pair->pub));
}

json_t *test_case(const char *comment, const char *flags, const char *result)
{
    json_t *list = json_array();
    for (const char *at = flags; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        json_array_append_new(list, json_stringn(at, length));
        at += length;
    }
    return json_pack("{s:I, s:s, s:o, s:s}", "tcId", (json_int_t)++tests_made, "comment", comment, "flags", list,
                     "result", result);
}

json_t *test_group(const char *type)
{
    return json_pack("{s:s, s:[]}", "type", type, "tests");
}

void write_vectors(const char *directory, const char *file, const char *algorithm, json_t *header, json_t *groups)
{
    char *path = NULL;
    json_t *root = json_pack("{s:s, s:s, s:o, s:s, s:I, s:o}", "algorithm", algorithm, "generatorVersion",
                             "libotr-record 1", "header", header, "origin", "libotr 4.1.1", "numberOfTests",
                             tests_made, "testGroups", groups);
    if (!root || asprintf(&path, "%s/%s", directory, file) < 0 || json_dump_file(root, path, JSON_INDENT(1))) {
        die("a file cannot be written");
    }
    FILE *end = fopen(path, "a");
    if (!end || fputc('\n', end) == EOF || fclose(end)) {
        die("a file cannot be written");
    }
    printf("%s: %lld tests\n", path, (long long)tests_made);
    tests_made = 0;
    json_decref(root);
    free(path);
}
