/* The one account a driver serves: its keys, its files and its policies. */
#ifndef PEER_ACCOUNT_H
#define PEER_ACCOUNT_H

#include <libotr/proto.h>
#include <libotr/userstate.h>
/* message.h needs what proto.h declares */
#include <libotr/message.h>

/* What may be asked of conversations with one peer, or with all who have no entry of their own. */
struct policy {
    struct policy *next;
    char *peer;
    const char *name;     /* never, manual, opportunistic, always */
    OtrlPolicy versions;  /* OTRL_POLICY_ALLOW_V2 and _V3 */
};

struct account {
    OtrlUserState us;
    const char *name;
    const char *protocol;
    const char *home;     /* NULL: nothing touches the disk */
    int max_message_size; /* bytes; 0: never fragment */
    struct policy policy; /* head of the list: what holds for everybody else */
    int storage_failed;   /* a write failed since this was last cleared */
    int finished;         /* while sending: the peer has ended the session */
    int encryption_required;
    int encryption_failed;
    int decrypted;        /* while receiving: a data message was opened */
};

/* Reads what lies in the home directory and makes what is missing. 0, or -1 with the reason on standard error. */
int account_open(struct account *account);
void account_close(struct account *account);

/* Writes the fingerprints, if there is a home. 0, or -1. */
int account_write_fingerprints(struct account *account);

/* The name out of the four that equals `name`, or NULL. */
const char *policy_name(const char *name);

/* The entry that holds for a peer; with `own`, one of the peer's own (made as a copy if there is none). */
struct policy *account_policy(struct account *account, const char *peer, int own);

/* libotr's bits for it, masked with the versions. */
OtrlPolicy policy_bits(const struct policy *policy);

#endif
