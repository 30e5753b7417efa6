#!/usr/bin/env python3
"""Has libotr's toolkit (otr_sesskeys, otr_parse, otr_readforge) confirm the recorded vectors.

usage: confirm.py DIRECTORY

Prints how often each field was compared; leaves with 1 on the first difference. What the toolkit does not
show (keys of the exchange, fingerprints) is compared with hashlib.
"""
import collections
import hashlib
import json
import pathlib
import re
import subprocess
import sys

counts = collections.Counter()


def same(what, recorded, seen):
    if recorded != seen:
        sys.exit(f"confirm.py: {what}: recorded {recorded!r}, seen {seen!r}")
    counts[what] += 1


def run(*command, given=b""):
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def load(name):
    vectors = json.loads((pathlib.Path(sys.argv[1]) / name).read_text())
    same(f"{name} numberOfTests", vectors["numberOfTests"], sum(len(g["tests"]) for g in vectors["testGroups"]))
    same(f"{name} tcIds", list(range(1, vectors["numberOfTests"] + 1)),
         sorted(t["tcId"] for g in vectors["testGroups"] for t in g["tests"]))
    return vectors["testGroups"]


def parse(messages):
    """What otr_parse says of each message: a kind and its fields; revealed keys as a list."""
    out = run("otr_parse", given="\n".join(messages).encode()).decode()
    parsed = []
    for block in out.strip().split("\n\n"):
        kind, *lines = block.split("\n")
        fields = {"kind": kind.rstrip(":"), "keys": []}
        for line in lines:
            name, _, value = line.strip().partition(": ")
            if re.fullmatch(r"Key \d+", name):
                fields["keys"].append(value)
            else:
                fields[name] = value
        parsed.append(fields)
    same("otr_parse answers", len(messages), len(parsed))
    return parsed


def same_header(fields, kind, sender, receiver):
    same(f"{kind}: kind", kind, fields["kind"])
    same(f"{kind}: version", "03", fields["Version"])
    same(f"{kind}: sender instance", int(sender, 16), int(fields["Sender instance"]))
    same(f"{kind}: receiver instance", int(receiver, 16), int(fields["Receiver instance"]))


def session_keys(private, public):
    out = run("otr_sesskeys", private, public).decode()
    return {" ".join(name.split()): value for name, value in re.findall(r"^(.*?): ([0-9a-f]+)$", out, re.M)}


def mpi(number):
    raw = bytes.fromhex(number)
    return len(raw).to_bytes(4, "big") + raw


def same_exchange_keys(test, keys, session_id):
    def hashed(byte):
        return hashlib.sha256(bytes([byte]) + mpi(keys["s"])).hexdigest()
    same("exchange: session id", session_id, hashed(0)[:16])
    same("exchange: c, c'", keys["c"] + keys["cPrime"], hashed(1))
    for byte, name in ((2, "m1"), (3, "m2"), (4, "m1Prime"), (5, "m2Prime")):
        same(f"exchange: {name}", keys[name], hashed(byte))


def confirm_fingerprint(dsa, fingerprint):
    encoded = b"".join(mpi(dsa[part]) for part in "pqgy")
    same("fingerprint", fingerprint, hashlib.sha1(encoded).hexdigest())
    same("y is g to the x", int(dsa["y"], 16), pow(int(dsa["g"], 16), int(dsa["x"], 16), int(dsa["p"], 16)))
    return encoded


def ake():
    for group in load("ake.json"):
        for test in group["tests"]:
            i, r, sent = test["initiator"], test["responder"], test["messages"]
            names = ("dhCommit", "dhKey", "revealSignature", "signature")
            commit, key, reveal, signature = parse([sent[name] for name in names])
            same_header(commit, "D-H Commit Message", i["instanceTag"], "0")
            same_header(key, "D-H Key Message", r["instanceTag"], i["instanceTag"])
            same_header(reveal, "Reveal Signature Message", i["instanceTag"], r["instanceTag"])
            same_header(signature, "Signature Message", r["instanceTag"], i["instanceTag"])
            same("D-H Commit: hash", test["hashGx"], commit["Hashed Key"])
            same("D-H Commit: hash of g^x", test["hashGx"], hashlib.sha256(mpi(test["x"]["public"])).hexdigest())
            same("D-H Key: g^y", test["y"]["public"], key["D-H Key"])
            same("Reveal Signature: r", test["r"], reveal["Key"])
            for ours, theirs in ((test["x"], test["y"]), (test["y"], test["x"])):
                same("exchange: public key", ours["public"],
                     session_keys(ours["private"], theirs["public"])["Our public key"])
            same_exchange_keys(test, test["secrets"], test["sessionId"])
            same("halves", {"first", "second"}, {i["half"], r["half"]})
            for side in (i, r):
                confirm_fingerprint(side["dsa"], side["fingerprint"])


def data():
    for group in load("data.json"):
        tests = {test["tcId"]: test for test in group["tests"]}
        tags = {name: group[name]["instanceTag"] for name in ("alice", "bob")}
        other = {"alice": "bob", "bob": "alice"}
        for test, fields in zip(tests.values(), parse([test["wire"] for test in tests.values()])):
            same_header(fields, "Data Message", tags[test["from"]], tags[other[test["from"]]])
            if test["result"] == "valid":
                confirm_data(test, fields)
        sent, received = [], {"alice": [], "bob": []}
        for step in group["order"]:
            if "send" in step:
                sent.append(step["send"])
            else:
                received[tests[step["receive"]]["from"]].append(step["receive"])
        same("order: sent", [t["tcId"] for t in tests.values() if t["result"] == "valid"], sent)
        for name, ids in received.items():
            same("order: received", [i for i in sent if tests[i]["from"] == name],
                 [i for i in ids if tests[i]["result"] == "valid"])


def confirm_data(test, fields):
    same("data: flags", test["messageFlags"], int(fields["Flags"]))
    same("data: sender keyid", test["senderKeyid"], int(fields["Sender keyid"]))
    same("data: recipient keyid", test["recipientKeyid"], int(fields["Rcpt keyid"]))
    same("data: next D-H key", test["nextDh"]["public"], fields["DH y"])
    same("data: counter", test["counter"], fields["Counter"])
    same("data: revealed MAC keys", test["revealedMacKeys"], fields["keys"])
    ours, theirs = test["senderDh"], test["recipientDh"]
    keys = session_keys(ours["private"], theirs["public"])
    same("data: sender's public key", ours["public"], keys["Our public key"])
    same("data: sending AES key", test["sendingAesKey"], keys["Sending AES key"])
    same("data: sending MAC key", test["sendingMacKey"], keys["Sending MAC key"])
    keys = session_keys(theirs["private"], ours["public"])
    same("data: recipient's public key", theirs["public"], keys["Our public key"])
    same("data: receiving AES key", test["sendingAesKey"], keys["Receiving AES key"])
    same("data: receiving MAC key", test["sendingMacKey"], keys["Receiving MAC key"])
    # verifies the MAC and shows the text up to its NUL
    shown = run("otr_readforge", test["sendingAesKey"], given=test["wire"].encode())
    same("data: text and MAC", b"Plaintext: ``" + bytes.fromhex(test["text"]) + b"''\n", shown)


def keys():
    groups = load("keys.json")
    for test in (t for g in groups if g["type"] == "OtrDhSession" for t in g["tests"]):
        for ours, theirs, out, back in (("ours", "theirs", "sending", "receiving"),
                                        ("theirs", "ours", "receiving", "sending")):
            seen = session_keys(test[ours]["private"], test[theirs]["public"])
            same("keys: public key", test[ours]["public"], seen["Our public key"])
            for way, name in (("Sending", out), ("Receiving", back)):
                for kind in ("Aes", "Mac"):
                    same(f"keys: {kind} key", test[f"{name}{kind}Key"], seen[f"{way} {kind.upper()} key"])
        same("keys: extra key", test["extraKey"], hashlib.sha256(b"\xff" + mpi(test["s"])).hexdigest())
    for test in (t for g in groups if g["type"] == "OtrDhAuthKeys" for t in g["tests"] if t["result"] == "valid"):
        same_exchange_keys(test, test, test["sessionId"])
    for test in (t for g in groups if g["type"] == "OtrFingerprint" for t in g["tests"]):
        same("public key", test["publicKey"], confirm_fingerprint(test["dsa"], test["fingerprint"]).hex())


def fragments():
    for group in load("fragments.json"):
        tags = f"{group['senderInstanceTag']}|{group['recipientInstanceTag']}"
        for test in group["tests"]:
            pieces, total = [], len(test["fragments"])
            for number, fragment in enumerate(test["fragments"], 1):
                head = f"?OTR|{tags},{number:05},{total:05},"
                same("fragments: head", head, fragment[:len(head)])
                same("fragments: fits", True, len(fragment) <= test["size"])
                pieces.append(fragment[len(head):-1])
            same("fragments: message", test["message"], "".join(pieces))


ake()
data()
keys()
fragments()
load("text.json")
for what, count in sorted(counts.items()):
    print(f"{count:6} {what}")
print(f"{sum(counts.values())} comparisons, no difference")
