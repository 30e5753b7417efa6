/* text.json: what libotr writes in clear, and what it takes such text for. */
#include <stdlib.h>
#include <string.h>

#include "scene.h"

#define BASE " \t  \t\t\t\t \t \t \t  "
#define V1 " \t \t  \t "
#define V2 "  \t\t  \t "
#define V3 "  \t\t  \t\t"
#define V4 "  \t\t \t  "

static const struct {
    const char *name;
    OtrlPolicy bits;
} policies[] = {{"never", OTRL_POLICY_NEVER},
                {"manual", OTRL_POLICY_MANUAL},
                {"opportunistic", OTRL_POLICY_OPPORTUNISTIC},
                {"always", OTRL_POLICY_ALWAYS}};

static const struct {
    const char *name;
    OtrlPolicy bits;
} versions[] = {{"2", OTRL_POLICY_ALLOW_V2}, {"3", OTRL_POLICY_ALLOW_V3}, {"23", OTRL_POLICY_ALLOW_V2 | OTRL_POLICY_ALLOW_V3}};

enum { POLICIES = sizeof policies / sizeof *policies, VERSIONS = sizeof versions / sizeof *versions };

static OtrlPolicy combine(int policy, int version)
{
    return policies[policy].bits & (~(OtrlPolicy)OTRL_POLICY_VERSION_MASK | versions[version].bits);
}

static void add_output(json_t *group, int policy, int version, const char *text, const char *output)
{
    json_t *test = test_case(policies[policy].name, "", "valid");
    json_object_set_new(test, "policy", json_string(policies[policy].name));
    json_object_set_new(test, "versions", json_string(versions[version].name));
    if (text) {
        json_object_set_new(test, "text", json_string(text));
    }
    json_object_set_new(test, "output", output ? json_string(output) : json_null());
    json_array_append_new(json_object_get(group, "tests"), test);
}

static json_t *queries(void)
{
    json_t *group = test_group("OtrQueryMessage");
    json_object_set_new(group, "account", json_string("alice"));
    for (int policy = 0; policy < POLICIES; policy++) {
        for (int version = 0; version < VERSIONS; version++) {
            char *query = otrl_proto_default_query_msg("alice", combine(policy, version));
            add_output(group, policy, version, NULL, query);
            free(query);
        }
    }
    return group;
}

/* What otrl_message_sending makes of a text before there is a session; null: it goes as it is. */
static json_t *plain_texts(struct person *person)
{
    json_t *group = test_group("OtrPlainText");
    OtrlPolicy before = person->policy;
    for (int policy = 0; policy < POLICIES; policy++) {
        for (int version = 0; version < VERSIONS; version++) {
            char *output = NULL;
            scene_forget(person);
            person->policy = combine(policy, version);
            if (otrl_message_sending(person->us, &scene_ops, person, person->name, PROTOCOL, person->peer->name,
                                     OTRL_INSTAG_BEST, "hello", NULL, &output, OTRL_FRAGMENT_SEND_SKIP, NULL, NULL, NULL)) {
                die("a text could not be sent");
            }
            add_output(group, policy, version, "hello", output);
            otrl_message_free(output);
        }
    }
    person->policy = before;
    scene_forget(person);
    return group;
}

static void add_complaint(json_t *group, struct person *person, const char *comment, const char *message)
{
    scene_receive(person, message);
    char *complaint = scene_take(person);
    json_t *test = test_case(comment, "", "valid");
    json_object_set_new(test, "message", json_string(message));
    json_object_set_new(test, "output", json_string(complaint));
    json_array_append_new(json_object_get(group, "tests"), test);
    free(complaint);
}

static json_t *complaints(struct person *alice)
{
    json_t *group = test_group("OtrErrorMessage");
    scene_connect(alice);
    char *wire = NULL;
    if (otrl_proto_create_data(&wire, scene_context(alice->peer), "once", NULL, 0, NULL)) {
        die("a message could not be made");
    }
    scene_receive(alice, wire);
    add_complaint(group, alice, "a data message for the second time", wire);
    add_complaint(group, alice, "a message that is cut short", "?OTR:AAMD.");
    otrl_message_free(wire);
    return group;
}

static const char *const offers[] = {
    "", "hello", "?", "?OT", "?OTR", "?OTR ", "?otr?", "?OTR?", "?OTR? ", "?OTR??", "?OTR?v?", "?OTR?v2?", "?OTR?v23?", "?OTR?v3?",
    "?OTRv?", "?OTRv", "?OTRv1?", "?OTRv2?", "?OTRv3?", "?OTRv4?", "?OTRv23?", "?OTRv32?", "?OTRv34?", "?OTRv234?", "?OTRv223?",
    "?OTRv2", "?OTRv3", "?OTRv24x?", "?OTRv 3?", "?OTRv\n3?", "?OTRv2,3?", "?OTRv23? and more", "?OTRv33333333?", "?OTRv9?", "?OTRV3?",
    "?OTRvx?", "?OTRv0?", "say ?OTRv3? please", "\n?OTRv3?", "?OTR?v23? please",
    BASE, BASE V2, BASE V3, BASE V1, BASE V4, BASE V1 V2, BASE V2 V3, BASE V3 V2, BASE V1 V2 V3, BASE V4 V3, "hello" BASE V2 V3,
    "hello" BASE V3 "world", BASE V2 "hello", "hello" BASE "world", BASE "        " V3, BASE "   " V3, " \t  \t\t\t\t \t \t \t ",
    BASE V3 BASE V2, BASE "  \t\t  \t", "hello" V3,
    "?OTR Error: odd", "?OTR Error:odd", "?OTR Error", "?OTR error: odd", "?OTR:", "?OTR:AAMC", "?OTR:AAMK", "?OTR:AAMR", "?OTR:AAMS",
    "?OTR:AAMD", "?OTR:AAIC", "?OTR:AAIK", "?OTR:AAIR", "?OTR:AAIS", "?OTR:AAID", "?OTR:AAEK", "?OTR:AAED", "?OTR:AAQD", "?OTR:AAMX", "?OTR:AAM",
    "?OTR,1,2,x,", "?OTR|00000100|00000101,00001,00002,x,",
};

static json_t *offer_test(const char *text)
{
    static const char *const types[] = {"notOtr", "taggedPlaintext", "query", "dhCommit", "dhKey", "revealSignature",
                                        "signature", "v1KeyExchange", "data", "error", "unknown"};
    json_t *test = test_case("", "", "valid");
    json_t *query = json_object(), *tag = json_object();
    const char *start = NULL, *end = NULL;
    for (int i = 0; i < VERSIONS; i++) {
        OtrlPolicy bits = versions[i].bits;
        json_object_set_new(query, versions[i].name, json_integer(otrl_proto_query_bestversion(text, bits)));
        json_object_set_new(tag, versions[i].name,
                            json_integer(otrl_proto_whitespace_bestversion(text, &start, &end, bits)));
    }
    json_object_set_new(test, "text", json_string(text));
    json_object_set_new(test, "libotr",
                        json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}", "messageType", types[otrl_proto_message_type(text)],
                                  "messageVersion", otrl_proto_message_version(text), "queryBestVersion", query,
                                  "tagBestVersion", tag, "tagStart", start ? json_integer(start - text) : json_null(),
                                  "tagEnd", end ? json_integer(end - text) : json_null()));
    return test;
}

void record_text(const char *directory, struct person *alice, struct person *bob)
{
    (void)bob;
    json_t *odd = test_group("OtrOffer");
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        json_array_append_new(json_object_get(odd, "tests"), offer_test(offers[i]));
    }
    write_vectors(directory, "text.json", "OTRv3-Text",
                  json_pack("[s, s, s, s]", "What libotr writes in clear, and what its functions say about text.",
                            "This is a record of libotr, not a rule: result says nothing about any other program.",
                            "OtrPlainText: output null means that the text goes as it is.",
                            "OtrOffer: best versions by what we allow (2, 3, both), 0 for none; tagStart and tagEnd in bytes."),
                  json_pack("[o, o, o, o]", queries(), plain_texts(alice), complaints(alice), odd));
}
