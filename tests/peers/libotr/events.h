/* What libotr calls back for, written as the contract's notifications. */
#ifndef PEER_EVENTS_H
#define PEER_EVENTS_H

#include <jansson.h>

#include "account.h"

/* What we remember about a ConnContext. */
struct seen {
    OtrlMessageState announced; /* the state told last */
    Fingerprint *fingerprint;   /* whose session that was; compared, never followed */
    int smp_asked;              /* the peer waits for our smp.answer */
};

/* The table for every otrl_message_ call; opdata is the struct account. */
extern const OtrlMessageAppOps events_ops;

/* add_appdata for libotr: hangs a struct seen on a new context. */
void events_attach(void *data, ConnContext *context);
struct seen *events_seen(ConnContext *context);

/* `inject` for a message that the driver sends itself. */
void events_inject(const char *peer, const char *message);

/* Tells sessions of the peer (NULL: of all) that ended since the last call. */
void events_announce_ended(struct account *account, const char *peer);

/* Pieces that notifications and `status` share. */
const char *events_state(OtrlMessageState state);
json_t *events_instance(otrl_instag_t tag);
json_t *events_fingerprint(const Fingerprint *fingerprint);
json_t *events_session_id(const ConnContext *context);

#endif
