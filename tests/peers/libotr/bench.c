/*
 * libotr-bench: what libotr takes for the work that benches/src/bin/beside.rs has our crates do. `cargo xtask bench`
 * runs the two in turns; both have the same table of measurements and print the same lines.
 *
 * Two user states in one process hand each other their messages. Keys are made before the clock starts. The clock is
 * this thread's processor time, so that other work on the machine counts as little as can be.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <libotr/instag.h>
#include <libotr/privkey.h>
#include <libotr/proto.h>
#include <libotr/userstate.h>
/* message.h needs what proto.h declares */
#include <libotr/message.h>

#define PROTOCOL "prpl-jabber"
#define SECRET "in the bakery"
#define LONGEST_TEXT (64 * 1024)
#define PAIRS_IN_MEMORY 500

enum { MOST_BATCHES = 64, MOST_EACH = 64 };

struct person {
    const char *name;
    const char *alias; /* what the peer calls this person */
    struct person *peer;
    OtrlUserState us;
    OtrlPolicy policy;
    ConnContext *context; /* the conversation that the last message received belongs to */
    char *out;            /* a message for the network (malloc), NULL if there is none */
    OtrlSMPEvent smp;     /* what the comparison of secrets last came to */
};

struct pair {
    struct person alice, bob;
    unsigned int version;
};

/* Does the work `each` times, with texts of `size` bytes where there are any; returns nanoseconds. */
typedef unsigned long long work(struct pair *pair, int each, size_t size);

struct measurement {
    const char *name;
    work *work;
    unsigned int version;
    size_t size;
    int batches, each;
};

static char text[LONGEST_TEXT + 1];

static _Noreturn void die(const char *why)
{
    fprintf(stderr, "libotr-bench: %s\n", why);
    exit(1);
}

static unsigned long long now(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)) {
        die("there is no clock of processor time");
    }
    return (unsigned long long)time.tv_sec * 1000000000 + (unsigned long long)time.tv_nsec;
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

static void on_inject(void *opdata, const char *account, const char *protocol, const char *peer, const char *message)
{
    (void)account, (void)protocol, (void)peer;
    struct person *person = opdata;
    if (person->out) {
        die("two messages at once");
    }
    person->out = strdup(message);
}

static void on_smp_event(void *opdata, OtrlSMPEvent event, ConnContext *context, unsigned short percent, char *question)
{
    (void)context, (void)percent, (void)question;
    ((struct person *)opdata)->smp = event;
}

static const OtrlMessageAppOps ops = {
    .policy = on_policy,
    .is_logged_in = on_is_logged_in,
    .inject_message = on_inject,
    .handle_smp_event = on_smp_event,
};

/* Takes in a message; returns the length of the text shown. */
static size_t receive(struct person *person, const char *message)
{
    char *shown = NULL;
    int internal = otrl_message_receiving(person->us, &ops, person, person->name, PROTOCOL, person->peer->alias, message,
                                          &shown, NULL, &person->context, NULL, NULL);
    size_t length = internal || !shown ? 0 : strlen(shown);
    otrl_message_free(shown);
    return length;
}

/* What goes over the network for the first `size` bytes of the text. */
static char *seal(struct person *person, size_t size)
{
    char *message = NULL;
    gcry_error_t err =
        otrl_message_sending(person->us, &ops, person, person->name, PROTOCOL, person->peer->alias, OTRL_INSTAG_BEST,
                             text + LONGEST_TEXT - size, NULL, &message, OTRL_FRAGMENT_SEND_SKIP, NULL, NULL, NULL);
    if (err || !message || strncmp(message, "?OTR:", 5)) {
        die("a text did not go out encrypted");
    }
    return message;
}

static void open_sealed(struct person *person, char *message, size_t size)
{
    if (receive(person, message) != size) {
        die("a message was not accepted");
    }
    otrl_message_free(message);
}

/* Hands over messages until there are none. */
static void settle(struct pair *pair)
{
    while (pair->alice.out || pair->bob.out) {
        struct person *sender = pair->alice.out ? &pair->alice : &pair->bob;
        char *message = sender->out;
        sender->out = NULL;
        receive(sender->peer, message);
        free(message);
    }
}

static int is_encrypted(const struct person *person, unsigned int version)
{
    const ConnContext *context = person->context;
    return context && context->msgstate == OTRL_MSGSTATE_ENCRYPTED && context->protocol_version == version;
}

static void connect_both(struct pair *pair)
{
    char *query = otrl_proto_default_query_msg(pair->alice.name, pair->alice.policy);
    receive(&pair->bob, query);
    free(query);
    settle(pair);
    if (!is_encrypted(&pair->alice, pair->version) || !is_encrypted(&pair->bob, pair->version)) {
        die("an exchange failed");
    }
}

/* They are strangers again. */
static void forget(struct pair *pair)
{
    otrl_context_forget_all(pair->alice.us);
    otrl_context_forget_all(pair->bob.us);
    pair->alice.context = pair->bob.context = NULL;
}

static unsigned long long meet(struct pair *pair, int each, size_t size)
{
    (void)size;
    unsigned long long taken = 0;
    for (int i = 0; i < each; i++) {
        forget(pair);
        unsigned long long begun = now();
        connect_both(pair);
        taken += now() - begun;
    }
    return taken;
}

static unsigned long long compare(struct pair *pair, int each, size_t size)
{
    (void)size;
    const unsigned char *secret = (const unsigned char *)SECRET;
    struct person *alice = &pair->alice, *bob = &pair->bob;
    unsigned long long begun = now();
    for (int i = 0; i < each; i++) {
        otrl_message_initiate_smp(alice->us, &ops, alice, alice->context, secret, strlen(SECRET));
        settle(pair);
        if (bob->smp != OTRL_SMPEVENT_ASK_FOR_SECRET) {
            die("the other side was not asked for the secret");
        }
        otrl_message_respond_smp(bob->us, &ops, bob, bob->context, secret, strlen(SECRET));
        settle(pair);
        if (alice->smp != OTRL_SMPEVENT_SUCCESS || bob->smp != OTRL_SMPEVENT_SUCCESS) {
            die("the secrets were not found equal");
        }
        alice->smp = bob->smp = OTRL_SMPEVENT_NONE;
    }
    return now() - begun;
}

/* Alice writes `each` texts, Bob reads them all. */
static unsigned long long burst(struct pair *pair, int each, size_t size)
{
    char *messages[MOST_EACH];
    unsigned long long begun = now();
    for (int i = 0; i < each; i++) {
        messages[i] = seal(&pair->alice, size);
    }
    for (int i = 0; i < each; i++) {
        open_sealed(&pair->bob, messages[i], size);
    }
    return now() - begun;
}

/* Each message is answered by the next, so each rotates keys. */
static unsigned long long ping_pong(struct pair *pair, int each, size_t size)
{
    struct person *writer = &pair->alice;
    unsigned long long begun = now();
    for (int i = 0; i < each; i++) {
        open_sealed(writer->peer, seal(writer, size), size);
        writer = writer->peer;
    }
    return now() - begun;
}

/* libotr wants real files to write keys to; this one lies in memory. */
static void make_key(struct person *person)
{
    FILE *file = fdopen(memfd_create("keys", MFD_CLOEXEC), "w+");
    if (!file || otrl_privkey_generate_FILEp(person->us, file, person->name, PROTOCOL) ||
        otrl_instag_generate_FILEp(person->us, file, person->name, PROTOCOL)) {
        die("keys cannot be made");
    }
    fclose(file);
}

static unsigned long long dsa_key(struct pair *pair, int each, size_t size)
{
    (void)pair, (void)size;
    unsigned long long taken = 0;
    for (int i = 0; i < each; i++) {
        struct person person = {.name = "alice", .us = otrl_userstate_create()};
        unsigned long long begun = now();
        make_key(&person);
        taken += now() - begun;
        otrl_userstate_free(person.us);
    }
    return taken;
}

/* The group's powers as libotr's dh.c has them done: the exponent is 320 random bits in secure memory. */
static unsigned long long powers(int each, int of_generator)
{
    static const char modulus[] = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E34"
                                  "04DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6"
                                  "F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A6916"
                                  "3FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA237327"
                                  "FFFFFFFFFFFFFFFF";
    gcry_mpi_t p, base = gcry_mpi_new(0), exponent = gcry_mpi_snew(0), power = gcry_mpi_new(0);
    if (gcry_mpi_scan(&p, GCRYMPI_FMT_HEX, modulus, 0, NULL)) {
        die("the modulus cannot be read");
    }
    unsigned long long taken = 0;
    for (int i = 0; i < each; i++) {
        gcry_mpi_randomize(exponent, 320, GCRY_STRONG_RANDOM);
        if (of_generator) {
            gcry_mpi_set_ui(base, 2);
        } else {
            gcry_mpi_randomize(base, 1535, GCRY_WEAK_RANDOM);
        }
        unsigned long long begun = now();
        gcry_mpi_powm(power, base, exponent, p);
        taken += now() - begun;
    }
    gcry_mpi_release(p);
    gcry_mpi_release(base);
    gcry_mpi_release(exponent);
    gcry_mpi_release(power);
    return taken;
}

static unsigned long long public_value(struct pair *pair, int each, size_t size)
{
    (void)pair, (void)size;
    return powers(each, 1);
}

static unsigned long long shared_secret(struct pair *pair, int each, size_t size)
{
    (void)pair, (void)size;
    return powers(each, 0);
}

/* Signs the 32 bytes of a key exchange `each` times, and checks the signatures. */
static void signatures(struct pair *pair, int each, unsigned long long *signing, unsigned long long *checking)
{
    OtrlPrivKey *key = otrl_privkey_find(pair->alice.us, pair->alice.name, PROTOCOL);
    gcry_sexp_t public = NULL;
    if (!key || gcry_sexp_build(&public, NULL, "%S", key->privkey)) {
        die("there is no key");
    }
    *signing = *checking = 0;
    for (int i = 0; i < each; i++) {
        unsigned char data[32], *signature = NULL;
        size_t length;
        gcry_create_nonce(data, sizeof data);
        unsigned long long begun = now();
        if (otrl_privkey_sign(&signature, &length, key, data, sizeof data)) {
            die("no signature");
        }
        unsigned long long signed_at = now();
        if (otrl_privkey_verify(signature, length, key->pubkey_type, public, data, sizeof data)) {
            die("a signature is wrong");
        }
        *checking += now() - signed_at;
        *signing += signed_at - begun;
        free(signature);
    }
    gcry_sexp_release(public);
}

static unsigned long long dsa_sign(struct pair *pair, int each, size_t size)
{
    (void)size;
    unsigned long long signing, checking;
    signatures(pair, each, &signing, &checking);
    return signing;
}

static unsigned long long dsa_verify(struct pair *pair, int each, size_t size)
{
    (void)size;
    unsigned long long signing, checking;
    signatures(pair, each, &signing, &checking);
    return checking;
}

static const struct measurement measurements[] = {
    {"exchange/3", meet, 3, 0, 16, 1},
    {"exchange/2", meet, 2, 0, 16, 1},
    {"ping-pong/64", ping_pong, 3, 64, 16, 2},
    {"ping-pong/1024", ping_pong, 3, 1024, 16, 2},
    {"burst/64", burst, 3, 64, 40, 32},
    {"burst/1024", burst, 3, 1024, 40, 32},
    {"burst/65536", burst, 3, 65536, 20, 8},
    {"smp", compare, 3, 0, 4, 1},
    {"dsa-key", dsa_key, 3, 0, 12, 1},
    {"public-value", public_value, 3, 0, 20, 8},
    {"shared-secret", shared_secret, 3, 0, 20, 8},
    {"dsa-sign", dsa_sign, 3, 0, 20, 8},
    {"dsa-verify", dsa_verify, 3, 0, 20, 8},
};

static int by_size(const void *left, const void *right)
{
    unsigned long long a = *(const unsigned long long *)left, b = *(const unsigned long long *)right;
    return (a > b) - (a < b);
}

static void measure(const struct measurement *measurement, struct pair *pair, int batches)
{
    unsigned long long times[MOST_BATCHES];
    forget(pair);
    connect_both(pair);
    measurement->work(pair, measurement->each, measurement->size); /* to warm up */
    for (int i = 0; i < batches; i++) {
        times[i] = measurement->work(pair, measurement->each, measurement->size) / (unsigned int)measurement->each;
    }
    qsort(times, (size_t)batches, sizeof *times, by_size);
    unsigned long long sum = 0;
    for (int i = 0; i < batches; i++) {
        sum += times[i];
    }
    printf("{\"name\":\"%s\",\"iterations\":%d,\"median_ns\":%llu,\"min_ns\":%llu,\"mean_ns\":%llu}\n", measurement->name,
           batches * measurement->each, times[batches / 2], times[0], sum / (unsigned int)batches);
    fflush(stdout);
}

static void open_pair(struct pair *pair, unsigned int version)
{
    OtrlPolicy policy = version == 2 ? OTRL_POLICY_ALLOW_V2 : OTRL_POLICY_ALLOW_V3;
    *pair = (struct pair){
        .alice = {.name = "alice", .alias = "alice", .peer = &pair->bob, .policy = policy},
        .bob = {.name = "bob", .alias = "bob", .peer = &pair->alice, .policy = policy},
        .version = version,
    };
    pair->alice.us = otrl_userstate_create();
    pair->bob.us = otrl_userstate_create();
    make_key(&pair->alice);
    make_key(&pair->bob);
    connect_both(pair);
}

static void close_pair(struct pair *pair)
{
    otrl_userstate_free(pair->alice.us);
    otrl_userstate_free(pair->bob.us);
}

static long resident_bytes(void)
{
    long pages, resident;
    malloc_trim(0);
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2) {
        die("there is no telling how much memory is used");
    }
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

/* How much memory two ends of a conversation take, after two texts each way. */
static void memory(const struct pair *keys)
{
    static char names[PAIRS_IN_MEMORY + 1][2][16];
    long before = 0;
    for (int i = 0; i <= PAIRS_IN_MEMORY; i++) {
        /* The first is only there so that everything that is shared has been set up. */
        if (i == 1) {
            before = resident_bytes();
        }
        snprintf(names[i][0], sizeof names[i][0], "alice %d", i);
        snprintf(names[i][1], sizeof names[i][1], "bob %d", i);
        /* Each calls the other by a new name, and has one key. */
        struct pair pair = *keys;
        pair.alice.peer = &pair.bob;
        pair.bob.peer = &pair.alice;
        pair.alice.alias = names[i][0];
        pair.bob.alias = names[i][1];
        pair.alice.context = pair.bob.context = NULL;
        connect_both(&pair);
        for (int j = 0; j < 4; j++) {
            struct person *writer = j % 2 ? &pair.bob : &pair.alice;
            open_sealed(writer->peer, seal(writer, 64), 64);
        }
    }
    printf("{\"name\":\"memory\",\"pairs\":%d,\"bytes\":%ld}\n", PAIRS_IN_MEMORY,
           (resident_bytes() - before) / PAIRS_IN_MEMORY);
}

int main(int argc, char **argv)
{
    int quick = argc == 2 && !strcmp(argv[1], "--quick");
    if (argc > 1 && !quick) {
        fprintf(stderr, "usage: libotr-bench [--quick]\n");
        return 2;
    }
    gcry_control(GCRYCTL_ENABLE_QUICK_RANDOM, 0); /* the keys guard nothing, and are made before the clock starts */
    gcry_control(GCRYCTL_DISABLE_SECMEM_WARN);
    if (otrl_init(OTRL_VERSION_MAJOR, OTRL_VERSION_MINOR, OTRL_VERSION_SUB)) {
        return 1;
    }
    memset(text, 'x', LONGEST_TEXT);
    struct pair pairs[2];
    open_pair(&pairs[0], 2);
    open_pair(&pairs[1], 3);
    for (size_t i = 0; i < sizeof measurements / sizeof *measurements; i++) {
        const struct measurement *measurement = &measurements[i];
        measure(measurement, &pairs[measurement->version - 2], measurement->batches / (quick ? 4 : 1));
    }
    forget(&pairs[1]);
    memory(&pairs[1]);
    close_pair(&pairs[0]);
    close_pair(&pairs[1]);
    return 0;
}
