/* Two people with libotr in one process, and the pieces every vector file is made of. */
#ifndef PEER_SCENE_H
#define PEER_SCENE_H

#include <stddef.h>

#include <jansson.h>
#include <libotr/privkey.h>
#include <libotr/proto.h>
#include <libotr/userstate.h>
/* message.h needs what proto.h declares */
#include <libotr/message.h>

#define PROTOCOL "prpl-jabber"

/* What libotr told while it took a message. */
struct heard {
    char *text;      /* the text shown, NULL if none */
    OtrlTLV *tlvs;
    int unreadable, malformed, secure;
    unsigned char extra_key[OTRL_EXTRAKEY_BYTES];
};

struct person {
    const char *name;
    struct person *peer;
    OtrlUserState us;
    OtrlPolicy policy;
    char **out;        /* messages for the network, oldest first */
    size_t out_count;
    struct heard heard;
};

_Noreturn void die(const char *why);

/* Gives both a fresh DSA key and instance tag. */
void scene_open(struct person *alice, struct person *bob);
void scene_new_keys(struct person *person);
/* Forgets the conversation, keeps keys and tags. */
void scene_forget(struct person *person);

/* The person's context with the peer: of the peer's instance, and the master that a v3 exchange begins in. */
ConnContext *scene_context(struct person *person);
ConnContext *scene_master(struct person *person);
OtrlPrivKey *scene_key(struct person *person);
otrl_instag_t scene_tag(struct person *person);

/* Hands a message to a person; fills its `heard`. */
void scene_receive(struct person *person, const char *message);
/* Takes the oldest message the person sent (malloc); dies if there is none. */
char *scene_take(struct person *person);
void scene_drop(struct person *person);
/* A whole exchange; `initiator` sends the D-H Commit. */
void scene_connect(struct person *initiator);

extern const OtrlMessageAppOps scene_ops;

/* JSON pieces. */
json_t *hex(const unsigned char *bytes, size_t length);
json_t *hex_mpi(gcry_mpi_t number);
json_t *hex_tag(otrl_instag_t tag);
json_t *dsa_key(OtrlPrivKey *key, const char *parts);
json_t *dh_pair(const DH_keypair *pair);
gcry_mpi_t dsa_part(OtrlPrivKey *key, char part);
/* {tcId, comment, flags, result}, numbered on from the last; `flags` are words parted by blanks. */
json_t *test_case(const char *comment, const char *flags, const char *result);
/* A group of that type; its tests are appended to "tests". */
json_t *test_group(const char *type);
/* Writes a file in the Wycheproof layout and starts numbering anew. Takes over the arrays. */
void write_vectors(const char *directory, const char *file, const char *algorithm, json_t *header, json_t *groups);

/* One function for each file. */
void record_ake(const char *directory, struct person *alice, struct person *bob);
void record_data(const char *directory, struct person *alice, struct person *bob);
void record_fragments(const char *directory, struct person *alice, struct person *bob);
void record_keys(const char *directory, struct person *alice, struct person *bob);
void record_text(const char *directory, struct person *alice, struct person *bob);

#endif
