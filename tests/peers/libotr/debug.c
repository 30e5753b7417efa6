/* What tests of key rotation and of the exchange look at, straight from libotr's structures. */
#include "methods.h"

#include "events.h"
#include "rpc.h"

static json_t *pair(const DH_keypair *pair)
{
    return pair->priv ? json_pack("{s:o, s:o}", "pub", rpc_mpi(pair->pub), "priv", rpc_mpi(pair->priv)) : json_null();
}

static json_t *mac_keys(const ConnContextPriv *keys)
{
    json_t *list = json_array();
    for (unsigned int i = 0; i < keys->numsavedkeys; i++) {
        json_array_append_new(list, rpc_hex(keys->saved_mac_keys + 20 * i, 20));
    }
    return list;
}

static json_t *exchange(const OtrlAuthInfo *auth)
{
    static const char *const states[] = {"none", "awaiting_dhkey", "awaiting_revealsig", "awaiting_sig", "v1_setup"};
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "state", states[auth->authstate], "r",
                     rpc_hex(auth->r, sizeof auth->r), "our_dh", pair(&auth->our_dh), "encgx",
                     rpc_hex(auth->encgx, auth->encgx_len), "hashgx", rpc_hex(auth->hashgx, sizeof auth->hashgx),
                     "their_pub", rpc_mpi(auth->their_pub));
}

struct reply debug_keys(struct account *account, const char *peer)
{
    ConnContext *context = methods_best(account, peer);
    if (!context) {
        return methods_fail(RPC_UNKNOWN_PEER, "nothing is known of this peer");
    }
    /* A version 3 exchange that waits for a D-H Key message waits in the master. */
    const OtrlAuthInfo *auth =
        context->auth.authstate == OTRL_AUTHSTATE_NONE ? &context->m_context->auth : &context->auth;
    const ConnContextPriv *keys = context->context_priv;
    return (struct reply){
        .result = json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o}", "their_instance",
                            events_instance(context->their_instance), "our_dh", pair(&keys->our_dh_key),
                            "our_old_dh", pair(&keys->our_old_dh_key), "their_y", rpc_mpi(keys->their_y),
                            "their_old_y", rpc_mpi(keys->their_old_y), "our_keyid", (json_int_t)keys->our_keyid,
                            "their_keyid", (json_int_t)keys->their_keyid, "saved_mac_keys", mac_keys(keys), "auth",
                            exchange(auth)),
    };
}
