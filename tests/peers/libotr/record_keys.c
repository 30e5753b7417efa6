/* keys.json: session keys, keys of the exchange, fingerprints and signatures. */
#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "watch.h"

enum { PAIRS = 22, DSA_KEYS = 5, SIGNATURES = 22, TRIES = 20000, PUBLIC_BYTES = 192, SIGNATURE_BYTES = 40 };

static DH_keypair new_pair(void)
{
    DH_keypair pair;
    otrl_dh_keypair_init(&pair);
    if (otrl_dh_gen_keypair(DH1536_GROUP_ID, &pair)) {
        die("a D-H key could not be made");
    }
    return pair;
}

static size_t bytes_of(gcry_mpi_t number)
{
    return (gcry_mpi_get_nbits(number) + 7) / 8;
}

static json_t *session_test(const DH_keypair *ours, const DH_keypair *theirs, const char *comment, const char *flags)
{
    DH_sesskeys session, mirror;
    if (otrl_dh_session(&session, ours, theirs->pub) || otrl_dh_session(&mirror, theirs, ours->pub)) {
        die("session keys could not be made");
    }
    if (memcmp(session.sendmackey, mirror.rcvmackey, 20) || memcmp(session.extrakey, mirror.extrakey, 32)) {
        die("two sides, two keys");
    }
    json_t *test = test_case(comment, flags, "valid");
    json_t *keys = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "ours", dh_pair(ours), "theirs", dh_pair(theirs),
                             "s", watch_power(theirs->pub, ours->priv), "sendingAesKey", watch_cipher_key(session.sendenc),
                             "sendingMacKey", hex(session.sendmackey, 20), "receivingAesKey",
                             watch_cipher_key(session.rcvenc), "receivingMacKey", hex(session.rcvmackey, 20), "extraKey",
                             hex(session.extrakey, OTRL_EXTRAKEY_BYTES));
    json_object_update(test, keys);
    json_decref(keys);
    otrl_dh_session_free(&session);
    otrl_dh_session_free(&mirror);
    return test;
}

static json_t *exchange_test(const DH_keypair *ours, gcry_mpi_t theirs, const char *comment, const char *flags)
{
    unsigned char id[20];
    size_t length = 0;
    gcry_cipher_hd_t c, c_prime;
    gcry_md_hd_t m1, m1_prime, m2, m2_prime;
    int refused = otrl_dh_compute_v2_auth_keys(ours, theirs, id, &length, &c, &c_prime, &m1, &m1_prime, &m2,
                                               &m2_prime) != 0;
    json_t *test = test_case(comment, flags, refused ? "invalid" : "valid");
    json_object_set_new(test, "ours", dh_pair(ours));
    json_object_set_new(test, "theirPublic", hex_mpi(theirs));
    if (!refused) {
        json_t *keys = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "s", watch_power(theirs, ours->priv),
                                 "sessionId", hex(id, length), "c", watch_cipher_key(c), "cPrime",
                                 watch_cipher_key(c_prime), "m1", watch_mac_key(m1), "m2", watch_mac_key(m2), "m1Prime",
                                 watch_mac_key(m1_prime), "m2Prime", watch_mac_key(m2_prime));
        json_object_update(test, keys);
        json_decref(keys);
        gcry_cipher_close(c);
        gcry_cipher_close(c_prime);
        gcry_md_close(m1);
        gcry_md_close(m2);
        gcry_md_close(m1_prime);
        gcry_md_close(m2_prime);
    }
    return test;
}

static int secret_is_short(const DH_keypair *ours, const DH_keypair *theirs)
{
    DH_sesskeys session;
    if (otrl_dh_session(&session, ours, theirs->pub)) {
        die("session keys could not be made");
    }
    json_t *secret = watch_power(theirs->pub, ours->priv);
    int is_short = json_string_length(secret) < 2 * PUBLIC_BYTES;
    json_decref(secret);
    otrl_dh_session_free(&session);
    return is_short;
}

static void add_pair(json_t *sessions, json_t *exchanges, const DH_keypair *ours, const DH_keypair *theirs,
                     const char *comment, const char *flags)
{
    json_array_append_new(json_object_get(sessions, "tests"), session_test(ours, theirs, comment, flags));
    json_array_append_new(json_object_get(exchanges, "tests"), exchange_test(ours, theirs->pub, comment, flags));
}

/* What the group's ends and the numbers around them do to the exchange. */
static void add_odd_publics(json_t *exchanges, const DH_keypair *ours)
{
    static const char prime[] = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E34"
                                "04DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6"
                                "F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A6916"
                                "3FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA237327"
                                "FFFFFFFFFFFFFFFF";
    static const struct {
        int from_prime, offset;
        const char *comment;
    } odd[] = {{0, 0, "their key is 0"},     {0, 1, "their key is 1"},     {0, 2, "their key is 2"},
               {1, 2, "their key is p - 2"}, {1, 1, "their key is p - 1"}, {1, 0, "their key is p"}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        gcry_mpi_t number = gcry_mpi_set_ui(NULL, (unsigned long)odd[i].offset);
        if (odd[i].from_prime) {
            gcry_mpi_t p = NULL;
            gcry_mpi_scan(&p, GCRYMPI_FMT_HEX, prime, 0, NULL);
            gcry_mpi_sub_ui(number, p, (unsigned long)odd[i].offset);
            gcry_mpi_release(p);
        }
        json_array_append_new(json_object_get(exchanges, "tests"),
                              exchange_test(ours, number, odd[i].comment, "OddPublicKey"));
        gcry_mpi_release(number);
    }
}

static void record_pairs(json_t *sessions, json_t *exchanges)
{
    DH_keypair ours = new_pair();
    add_odd_publics(exchanges, &ours);
    for (int i = 0; i < PAIRS; i++) {
        DH_keypair theirs = new_pair();
        add_pair(sessions, exchanges, &ours, &theirs, "random", "");
        otrl_dh_keypair_free(&ours);
        ours = theirs;
    }
    int short_public = 0, short_secret = 0;
    for (int try = 0; !short_public || !short_secret; try++) {
        if (try == TRIES) {
            die("no number with a leading zero byte turned up");
        }
        DH_keypair theirs = new_pair();
        if (!short_public && bytes_of(theirs.pub) < PUBLIC_BYTES) {
            add_pair(sessions, exchanges, &ours, &theirs, "their key has a leading zero byte", "ShortPublicKey");
            short_public = 1;
        }
        if (!short_secret && secret_is_short(&ours, &theirs)) {
            add_pair(sessions, exchanges, &ours, &theirs, "the secret has a leading zero byte", "ShortSecret");
            short_secret = 1;
        }
        otrl_dh_keypair_free(&theirs);
    }
    otrl_dh_keypair_free(&ours);
}

static void record_fingerprint(json_t *group, struct person *person)
{
    OtrlPrivKey *key = scene_key(person);
    unsigned char fingerprint[20];
    char human[OTRL_PRIVKEY_FPRINT_HUMAN_LEN];
    otrl_privkey_fingerprint_raw(person->us, fingerprint, person->name, PROTOCOL);
    otrl_privkey_hash_to_human(human, fingerprint);
    json_t *test = test_case("new key", "", "valid");
    json_object_set_new(test, "dsa", dsa_key(key, "pqgyx"));
    json_object_set_new(test, "publicKey", hex(key->pubkey_data, key->pubkey_datalen));
    json_object_set_new(test, "fingerprint", hex(fingerprint, 20));
    json_object_set_new(test, "human", json_string(human));
    json_array_append_new(json_object_get(group, "tests"), test);
}

static gcry_sexp_t public_half(OtrlPrivKey *key)
{
    gcry_mpi_t p = dsa_part(key, 'p'), q = dsa_part(key, 'q'), g = dsa_part(key, 'g'), y = dsa_part(key, 'y');
    gcry_sexp_t made = NULL;
    if (gcry_sexp_build(&made, NULL, "(public-key (dsa (p %m) (q %m) (g %m) (y %m)))", p, q, g, y)) {
        die("a public key could not be made");
    }
    gcry_mpi_release(p);
    gcry_mpi_release(q);
    gcry_mpi_release(g);
    gcry_mpi_release(y);
    return made;
}

/* A test whose result is what libotr says to the signature. */
static void add_signature(json_t *tests, OtrlPrivKey *key, const unsigned char *message, const unsigned char *signature,
                          const char *comment, const char *flags)
{
    gcry_sexp_t public = public_half(key);
    int refused = otrl_privkey_verify(signature, SIGNATURE_BYTES, OTRL_PUBKEY_TYPE_DSA, public, message, 32) != 0;
    gcry_sexp_release(public);
    json_t *test = test_case(comment, flags, refused ? "invalid" : "valid");
    json_object_set_new(test, "message", hex(message, 32));
    json_object_set_new(test, "signature", hex(signature, SIGNATURE_BYTES));
    json_array_append_new(tests, test);
}

static unsigned char *sign(OtrlPrivKey *key, const unsigned char *message)
{
    unsigned char *signature = NULL;
    size_t length = 0;
    if (otrl_privkey_sign(&signature, &length, key, message, 32) || length != SIGNATURE_BYTES) {
        die("a signature could not be made");
    }
    return signature;
}

static json_t *record_signatures(struct person *person)
{
    OtrlPrivKey *key = scene_key(person);
    json_t *group = test_group("OtrDsaSignature");
    json_t *tests = json_object_get(group, "tests");
    json_object_set_new(group, "dsa", dsa_key(key, "pqgyx"));
    unsigned char message[32];
    for (int i = 0; i < SIGNATURES; i++) {
        memset(message, i == 1 ? 0xff : 0, sizeof message); /* the first two: all zeros, all ones */
        if (i > 1) {
            gcry_randomize(message, sizeof message, GCRY_STRONG_RANDOM);
        }
        unsigned char *signature = sign(key, message);
        add_signature(tests, key, message, signature, "signed by libotr", "");
        if (i % 4 == 2) {
            signature[i] ^= 1;
            add_signature(tests, key, message, signature, "one bit of the signature turned", "WrongSignature");
            signature[i] ^= 1;
            message[i] ^= 1;
            add_signature(tests, key, message, signature, "one bit of the message turned", "WrongMessage");
        }
        free(signature);
    }
    int short_r = 0, short_s = 0;
    for (int try = 0; !short_r || !short_s; try++) {
        if (try == TRIES) {
            die("no signature with a leading zero byte turned up");
        }
        unsigned char *signature = sign(key, message);
        if (!short_r && !signature[0]) {
            add_signature(tests, key, message, signature, "r has a leading zero byte", "ShortR");
            short_r = 1;
        } else if (!short_s && !signature[20]) {
            add_signature(tests, key, message, signature, "s has a leading zero byte", "ShortS");
            short_s = 1;
        }
        free(signature);
    }
    unsigned char zeros[SIGNATURE_BYTES] = {0};
    add_signature(tests, key, message, zeros, "r and s are 0", "OddSignature");
    return group;
}

void record_keys(const char *directory, struct person *alice, struct person *bob)
{
    json_t *sessions = test_group("OtrDhSession"), *exchanges = test_group("OtrDhAuthKeys");
    json_t *fingerprints = test_group("OtrFingerprint");
    record_pairs(sessions, exchanges);
    for (int i = 0; i < DSA_KEYS; i++) {
        scene_new_keys(alice);
        record_fingerprint(fingerprints, alice);
    }
    json_t *groups = json_pack("[o, o, o, o, o]", sessions, exchanges, fingerprints, record_signatures(alice),
                               record_signatures(bob));
    write_vectors(directory, "keys.json", "OTRv3-Keys",
                  json_pack("[s, s, s, s]", "OtrDhSession: from two D-H keys to the keys of a data message.",
                            "OtrDhAuthKeys: from two D-H keys to session id and keys of the exchange (versions 2 and 3).",
                            "OtrFingerprint: DSA keys, their encoding (without the two bytes of the type), SHA-1 of it.",
                            "OtrDsaSignature: over 32 bytes, r and s of 20 bytes each; result is what libotr's check says."),
                  groups);
}
