#include "account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <libotr/instag.h>
#include <libotr/privkey.h>

#include "events.h"

/* Path of one of libotr's files (malloc). */
static char *in_home(const struct account *account, const char *file)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", account->home, file) < 0) {
        abort();
    }
    return path;
}

static int complain(const char *what, gcry_error_t err)
{
    fprintf(stderr, "libotr-driver: %s: %s\n", what, gcry_strerror(err));
    return -1;
}

/* libotr wants real files to write keys to; this one lies in memory. */
static int make_in_memory(struct account *account)
{
    int descriptor = memfd_create("keys", MFD_CLOEXEC);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w+");
    if (!file) {
        return complain("memory for keys", gcry_error_from_errno(errno));
    }
    gcry_error_t err = otrl_privkey_generate_FILEp(account->us, file, account->name, account->protocol);
    if (!err) {
        err = otrl_instag_generate_FILEp(account->us, file, account->name, account->protocol);
    }
    fclose(file);
    return err ? complain("making keys", err) : 0;
}

static int is_missing(gcry_error_t err)
{
    return gcry_err_code(err) == gcry_err_code_from_errno(ENOENT);
}

static int read_home(struct account *account)
{
    char *keys = in_home(account, "otr.private_key");
    char *tags = in_home(account, "otr.instance_tags");
    char *prints = in_home(account, "otr.fingerprints");
    int failed = 0;

    gcry_error_t err = otrl_privkey_read(account->us, keys);
    if (err && !is_missing(err)) {
        failed = complain(keys, err);
    }
    err = otrl_instag_read(account->us, tags);
    if (!failed && err && !is_missing(err)) {
        failed = complain(tags, err);
    }
    err = otrl_privkey_read_fingerprints(account->us, prints, events_attach, NULL);
    if (!failed && err && !is_missing(err)) {
        failed = complain(prints, err);
    }
    if (!failed && !otrl_privkey_find(account->us, account->name, account->protocol)) {
        err = otrl_privkey_generate(account->us, keys, account->name, account->protocol);
        failed = err ? complain(keys, err) : 0;
    }
    if (!failed && !otrl_instag_find(account->us, account->name, account->protocol)) {
        err = otrl_instag_generate(account->us, tags, account->name, account->protocol);
        failed = err ? complain(tags, err) : 0;
    }
    free(keys);
    free(tags);
    free(prints);
    return failed;
}

int account_open(struct account *account)
{
    account->us = otrl_userstate_create();
    if (!account->home) {
        return make_in_memory(account);
    }
    if (mkdir(account->home, 0700) && errno != EEXIST) {
        fprintf(stderr, "libotr-driver: %s: %s\n", account->home, strerror(errno));
        return -1;
    }
    return read_home(account);
}

void account_close(struct account *account)
{
    while (account->policy.next) {
        struct policy *gone = account->policy.next;
        account->policy.next = gone->next;
        free(gone->peer);
        free(gone);
    }
    otrl_userstate_free(account->us);
}

int account_write_fingerprints(struct account *account)
{
    if (!account->home) {
        return 0;
    }
    char *path = in_home(account, "otr.fingerprints");
    gcry_error_t err = otrl_privkey_write_fingerprints(account->us, path);
    if (err) {
        complain(path, err);
        account->storage_failed = 1;
    }
    free(path);
    return err ? -1 : 0;
}

const char *policy_name(const char *name)
{
    static const char *const names[] = {"never", "manual", "opportunistic", "always"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strcmp(name, names[i])) {
            return names[i];
        }
    }
    return NULL;
}

struct policy *account_policy(struct account *account, const char *peer, int own)
{
    for (struct policy *entry = account->policy.next; entry; entry = entry->next) {
        if (!strcmp(entry->peer, peer)) {
            return entry;
        }
    }
    if (!own) {
        return &account->policy;
    }
    struct policy *entry = malloc(sizeof *entry);
    *entry = account->policy;
    entry->peer = strdup(peer);
    account->policy.next = entry;
    return entry;
}

OtrlPolicy policy_bits(const struct policy *policy)
{
    OtrlPolicy bits = !strcmp(policy->name, "manual")          ? OTRL_POLICY_MANUAL
                      : !strcmp(policy->name, "opportunistic") ? OTRL_POLICY_OPPORTUNISTIC
                      : !strcmp(policy->name, "always")        ? OTRL_POLICY_ALWAYS
                                                               : OTRL_POLICY_NEVER;
    return bits & (~(OtrlPolicy)OTRL_POLICY_VERSION_MASK | policy->versions);
}
