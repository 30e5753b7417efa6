/* libotr-driver: libotr behind the engine contract. Requests on standard input, answers on standard output. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "methods.h"
#include "rpc.h"

/* The longest fragment header of libotr; a limit below it leaves no room for text. */
enum { FRAGMENT_HEADER = 37 };

static void usage(const char *why)
{
    fprintf(stderr,
            "libotr-driver: %s\n"
            "usage: libotr-driver [--home DIR | --ephemeral] --account NAME [--protocol NAME]\n"
            "       [--policy never|manual|opportunistic|always] [--versions 2,3] [--max-message-size N]\n"
            "Without --home nothing touches the disk. N is 0 (never fragment) or more than %d bytes.\n",
            why, FRAGMENT_HEADER);
    exit(2);
}

static OtrlPolicy parse_versions(const char *list)
{
    OtrlPolicy versions = 0;
    for (const char *at = list;; at += 2) {
        if (*at == '2') {
            versions |= OTRL_POLICY_ALLOW_V2;
        } else if (*at == '3') {
            versions |= OTRL_POLICY_ALLOW_V3;
        } else {
            usage("--versions takes 2, 3 or 2,3");
        }
        if (!at[1]) {
            return versions;
        }
        if (at[1] != ',') {
            usage("--versions takes 2, 3 or 2,3");
        }
    }
}

static int parse_size(const char *text)
{
    char *end = NULL;
    long size = strtol(text, &end, 10);
    if (!*text || *end || size < 0 || size > 0x7fffffff || (size && size <= FRAGMENT_HEADER)) {
        usage("--max-message-size does not fit");
    }
    return (int)size;
}

static void parse_arguments(struct account *account, int argc, char **argv)
{
    static const struct option options[] = {
        {"home", required_argument, NULL, 'h'},     {"ephemeral", no_argument, NULL, 'e'},
        {"account", required_argument, NULL, 'a'},  {"protocol", required_argument, NULL, 'p'},
        {"policy", required_argument, NULL, 'P'},   {"versions", required_argument, NULL, 'v'},
        {"max-message-size", required_argument, NULL, 'm'}, {0},
    };
    int option, ephemeral = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'h': account->home = optarg; break;
        case 'e': ephemeral = 1; break;
        case 'a': account->name = optarg; break;
        case 'p': account->protocol = optarg; break;
        case 'P': account->policy.name = policy_name(optarg); break;
        case 'v': account->policy.versions = parse_versions(optarg); break;
        case 'm': account->max_message_size = parse_size(optarg); break;
        default: usage("an argument is unknown or lacks its value");
        }
    }
    if (optind != argc) {
        usage("there is an argument too many");
    }
    if (ephemeral && account->home) {
        usage("--home and --ephemeral exclude each other");
    }
    if (!account->policy.name) {
        usage("--policy is never, manual, opportunistic or always");
    }
    if (!account->name || !*account->name || strpbrk(account->name, "\t\r\n") || !*account->protocol ||
        strpbrk(account->protocol, "\t\r\n")) {
        usage("--account is missing, or a name has a tab or a line end in it");
    }
}

static void init_libraries(void)
{
    gcry_control(GCRYCTL_ENABLE_QUICK_RANDOM, 0); /* a test peer's keys guard nothing */
    gcry_control(GCRYCTL_DISABLE_SECMEM_WARN);
    gcry_control(GCRYCTL_AUTO_EXPAND_SECMEM, 1 << 16); /* many peers, many session keys */
    if (otrl_init(OTRL_VERSION_MAJOR, OTRL_VERSION_MINOR, OTRL_VERSION_SUB)) {
        exit(1);
    }
}

static int is_id(const json_t *id)
{
    return id && (json_is_string(id) || json_is_number(id) || json_is_null(id));
}

static void answer(struct account *account, const char *line, size_t length)
{
    json_t *request = json_loadb(line, length, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    if (!request) {
        rpc_error(NULL, RPC_PARSE_ERROR, "this line is not JSON");
        return;
    }
    json_t *id = json_object_get(request, "id");
    const char *version = json_string_value(json_object_get(request, "jsonrpc"));
    const char *method = json_string_value(json_object_get(request, "method"));
    if (!is_id(id)) {
        rpc_error(NULL, RPC_INVALID_REQUEST, "a request is an object with an id, a string or a number");
    } else if (!version || strcmp(version, "2.0") || !method) {
        rpc_error(id, RPC_INVALID_REQUEST, "a request has jsonrpc \"2.0\" and a method");
    } else {
        struct reply reply = methods_call(account, method, json_object_get(request, "params"));
        if (account->storage_failed) {
            account->storage_failed = 0;
            rpc_notify("warning", json_pack("{s:n, s:s, s:s}", "peer", "code", "other", "text",
                                            "the fingerprints could not be written; see standard error"));
        }
        if (reply.result) {
            rpc_result(id, reply.result);
        } else {
            rpc_error(id, reply.code, reply.message);
        }
    }
    json_decref(request);
}

static int is_blank(const char *line)
{
    return line[strspn(line, " \t\r\n")] == '\0';
}

int main(int argc, char **argv)
{
    struct account account = {
        .protocol = "prpl-jabber",
        .policy = {.name = "opportunistic", .versions = OTRL_POLICY_ALLOW_V2 | OTRL_POLICY_ALLOW_V3},
    };
    parse_arguments(&account, argc, argv);
    init_libraries();
    if (account_open(&account)) {
        return 1;
    }

    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, stdin)) > 0) {
        otrl_message_poll(account.us, &events_ops, &account); /* drops D-H keys nobody answered */
        if (strlen(line) != (size_t)length || !is_blank(line)) {
            answer(&account, line, (size_t)length);
        }
    }
    free(line);

    methods_end_all(&account);
    account_close(&account);
    return 0;
}
