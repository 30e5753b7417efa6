/*
 * libotr-bench: what libotr takes for the work that benches/src/bin/beside.rs has our crates do. `cargo xtask bench`
 * runs the two in turns; both have the same table of measurements and print the same lines.
 *
 * Two user states in one process hand each other their messages. Keys are made before the clock starts. The clock is
 * this thread's processor time, so that other work on the machine counts as little as can be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <libotr/instag.h>
#include <libotr/privkey.h>
#include <libotr/proto.h>
#include <libotr/userstate.h>
/* message.h needs what proto.h declares */
#include <libotr/message.h>

#define PROTOCOL "prpl-jabber"
#define SECRET "in the bakery"
#define LONGEST_TEXT (16 * 1024)

enum { MOST_BATCHES = 64, MOST_EACH = 64 };

struct person {
    const char *name;
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
    int internal = otrl_message_receiving(person->us, &ops, person, person->name, PROTOCOL, person->peer->name, message,
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
        otrl_message_sending(person->us, &ops, person, person->name, PROTOCOL, person->peer->name, OTRL_INSTAG_BEST,
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

/* The conversation ends; the contacts stay known to each other. */
static void end(struct pair *pair)
{
    otrl_context_force_plaintext(pair->alice.context);
    otrl_context_force_plaintext(pair->bob.context);
}

/* They are strangers again. */
static void forget(struct pair *pair)
{
    otrl_context_forget_all(pair->alice.us);
    otrl_context_forget_all(pair->bob.us);
    pair->alice.context = pair->bob.context = NULL;
}

/* Texts that cross: who receives one has written one, so nobody answers by a heartbeat. */
static void talk(struct pair *pair, size_t size)
{
    char *there = seal(&pair->alice, size);
    char *back = seal(&pair->bob, size);
    open_sealed(&pair->bob, there, size);
    open_sealed(&pair->alice, back, size);
}

static unsigned long long meet(struct pair *pair, int each, size_t size)
{
    unsigned long long taken = 0;
    for (int i = 0; i < each; i++) {
        forget(pair);
        unsigned long long begun = now();
        connect_both(pair);
        if (size) {
            talk(pair, size);
        }
        taken += now() - begun;
    }
    return taken;
}

static unsigned long long meet_again(struct pair *pair, int each, size_t size)
{
    (void)size;
    unsigned long long taken = 0;
    for (int i = 0; i < each; i++) {
        end(pair);
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

/* Alice writes `each` texts, Bob reads them all. What either takes. */
static void one_way(struct pair *pair, int each, size_t size, unsigned long long *sealing, unsigned long long *opening)
{
    char *messages[MOST_EACH];
    unsigned long long begun = now();
    for (int i = 0; i < each; i++) {
        messages[i] = seal(&pair->alice, size);
    }
    unsigned long long sealed = now();
    for (int i = 0; i < each; i++) {
        open_sealed(&pair->bob, messages[i], size);
    }
    *sealing = sealed - begun;
    *opening = now() - sealed;
}

static unsigned long long seal_one_way(struct pair *pair, int each, size_t size)
{
    unsigned long long sealing, opening;
    one_way(pair, each, size, &sealing, &opening);
    return sealing;
}

static unsigned long long open_one_way(struct pair *pair, int each, size_t size)
{
    unsigned long long sealing, opening;
    one_way(pair, each, size, &sealing, &opening);
    return opening;
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

static const struct measurement measurements[] = {
    {"handshake, version 3", meet, 3, 0, 16, 1},
    {"handshake, version 2", meet, 2, 0, 16, 1},
    {"handshake, a text each way, version 3", meet, 3, 64, 16, 1},
    {"handshake, a text each way, version 2", meet, 2, 64, 16, 1},
    {"handshake, met before, version 3", meet_again, 3, 0, 16, 1},
    {"handshake, met before, version 2", meet_again, 2, 0, 16, 1},
    {"SMP, a whole run", compare, 3, 0, 4, 1},
    {"data message, one way, seal 1 KiB", seal_one_way, 3, 1024, 40, 32},
    {"data message, one way, open 1 KiB", open_one_way, 3, 1024, 40, 32},
    {"data message, one way, seal 16 KiB", seal_one_way, 3, 16 * 1024, 20, 8},
    {"data message, one way, open 16 KiB", open_one_way, 3, 16 * 1024, 20, 8},
    {"data message, ping-pong, 1 KiB", ping_pong, 3, 1024, 16, 2},
    {"data message, ping-pong, 16 KiB", ping_pong, 3, 16 * 1024, 16, 2},
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
    printf("{\"name\":\"%s\",\"iterations\":%d,\"median_ns\":%llu,\"min_ns\":%llu}\n", measurement->name,
           batches * measurement->each, times[batches / 2], times[0]);
    fflush(stdout);
}

/* libotr wants real files to write keys to; this one lies in memory. */
static void make_keys(struct person *person)
{
    FILE *file = fdopen(memfd_create("keys", MFD_CLOEXEC), "w+");
    person->us = otrl_userstate_create();
    if (!file || otrl_privkey_generate_FILEp(person->us, file, person->name, PROTOCOL) ||
        otrl_instag_generate_FILEp(person->us, file, person->name, PROTOCOL)) {
        die("keys cannot be made");
    }
    fclose(file);
}

static void open_pair(struct pair *pair, unsigned int version)
{
    OtrlPolicy policy = version == 2 ? OTRL_POLICY_ALLOW_V2 : OTRL_POLICY_ALLOW_V3;
    *pair = (struct pair){
        .alice = {.name = "alice", .peer = &pair->bob, .policy = policy},
        .bob = {.name = "bob", .peer = &pair->alice, .policy = policy},
        .version = version,
    };
    make_keys(&pair->alice);
    make_keys(&pair->bob);
    connect_both(pair);
}

static void close_pair(struct pair *pair)
{
    otrl_userstate_free(pair->alice.us);
    otrl_userstate_free(pair->bob.us);
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
    close_pair(&pairs[0]);
    close_pair(&pairs[1]);
    return 0;
}
