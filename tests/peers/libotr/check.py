#!/usr/bin/env python3
"""Holds two libotr-drivers against each other, and one against nonsense.

usage: check.py DRIVER [WRAPPER ...]   e.g. check.py build/libotr-driver valgrind -q --error-exitcode=9
"""
import json
import os
import random
import subprocess
import sys
import tempfile

DRIVER, WRAPPER = sys.argv[1], sys.argv[2:]
FINGERPRINT = 40
checks = 0


def check(holds, what):
    global checks
    checks += 1
    if not holds:
        sys.exit(f"check.py: {what}")


class Driver:
    def __init__(self, name, *arguments, home=None):
        place = ["--home", home] if home else ["--ephemeral"]
        self.name, self.heard, self.wire, self.last_id = name, [], [], 0
        self.process = subprocess.Popen([*WRAPPER, DRIVER, *place, "--account", name, *arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def line(self, raw):
        """One raw line; the response to it. Notifications before it are kept."""
        self.process.stdin.write(raw + b"\n")
        self.process.stdin.flush()
        while True:
            answer = json.loads(self.process.stdout.readline())
            check(answer["jsonrpc"] == "2.0", "an answer without jsonrpc")
            if "id" in answer:
                return answer
            self.note(answer)

    def note(self, answer):
        kept = self.wire if answer["method"] == "inject" else self.heard
        kept.append(answer["params"]["message"] if kept is self.wire else (answer["method"], answer["params"]))

    def call(self, method, **params):
        self.last_id += 1
        request = {"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params}
        answer = self.line(json.dumps(request).encode())
        check(answer["id"] == self.last_id, "an answer to another request")
        return answer

    def ask(self, method, **params):
        answer = self.call(method, **params)
        check("result" in answer, f"{method} failed: {answer}")
        return answer["result"]

    def code(self, method, **params):
        return self.call(method, **params).get("error", {}).get("code")

    def take(self, method):
        found = [params for name, params in self.heard if name == method]
        self.heard = [entry for entry in self.heard if entry[0] != method]
        return found

    def close(self):
        self.process.stdin.close()
        for raw in self.process.stdout:
            self.note(json.loads(raw))
        check(self.process.wait() == 0, f"{self.name} left with {self.process.returncode}")


def flow(a, b, longest=None):
    """Carries messages until both are silent."""
    carried = 0
    while a.wire or b.wire:
        for sender, receiver in ((a, b), (b, a)):
            while sender.wire:
                message = sender.wire.pop(0)
                if longest and message.startswith(("?OTR|", "?OTR:", "?OTR,")):
                    check(len(message) <= longest, f"{len(message)} bytes on the wire")
                receiver.ask("receive", peer=sender.name, message=message)
                carried += 1
                check(carried < 2000, "they never fall silent")


def talk(a, b, texts):
    for text in texts:
        check(a.ask("send", peer=b.name, text=text)["status"] == "sent", "not sent")
        flow(a, b)
        got = b.take("message")
        check(len(got) == 1 and got[0]["text"] == text and got[0]["encrypted"], f"{text!r} arrived as {got}")


def smp(a, b, ours, theirs, question=None):
    extra = {"question": question} if question else {}
    a.ask("smp.start", peer=b.name, secret=ours, **extra)
    check(a.ask("status", peer=b.name)["smp"] == "in_progress", "smp is not in progress")
    flow(a, b)
    asked = b.take("smp")
    check(asked[-1]["event"] == "asked" and asked[-1].get("question") == question, f"asked: {asked}")
    check(b.ask("status", peer=a.name)["smp"] == "asked", "smp is not asked")
    b.ask("smp.answer", peer=a.name, secret=theirs)
    flow(a, b)
    expected = "succeeded" if ours == theirs else "failed"
    check(a.take("smp")[-1]["event"] == expected and b.take("smp")[-1]["event"] == expected, "smp's outcome")
    check(a.ask("status", peer=b.name)["smp"] is None, "smp lingers")


def conversation(version, size):
    limit = ["--max-message-size", str(size)] if size else []
    a = Driver("alice", "--versions", version, "--policy", "manual", *limit)
    b = Driver("bob", "--policy", "manual", *limit)
    print_a, print_b = (d.ask("identity")["fingerprint"] for d in (a, b))
    check(len(print_a) == FINGERPRINT and print_a != print_b, "fingerprints")
    check(a.ask("send", peer="bob", text="in clear")["status"] == "plaintext", "policy manual sends in clear")
    flow(a, b)
    check(b.take("message")[0] == {"peer": "alice", "text": "in clear", "encrypted": False,
                                   "their_instance": None}, "the clear message")
    for method, params in (("heartbeat", {}), ("smp.start", {"secret": "x"}), ("extra_key", {"use": 1})):
        check(a.code(method, peer="bob", **params) == 1, f"{method} without a session")
    a.ask("start", peer="bob")
    flow(a, b, size)
    for driver, other, initiated in ((a, print_b, False), (b, print_a, True)):
        session = driver.take("session")
        check(len(session) == 1, f"session: {session}")
        session = session[0]
        check(session["state"] == "encrypted" and session["version"] == int(version), "its state")
        check(session["their_fingerprint"] == other and not session["trusted"], "its fingerprint")
        check(session["initiated_by_us"] is initiated and session["refreshed"] is False, "who began")
        check((session["their_instance"] is None) == (version == "2"), "its instance")
        check(driver.take("fingerprint")[0]["fingerprint"] == other, "the fingerprint's notification")
    ids = [d.ask("status", peer=p)["session_id"] for d, p in ((a, "bob"), (b, "alice"))]
    check(ids[0]["value"] == ids[1]["value"] and {i["ours"] for i in ids} == {"first", "second"}, f"{ids}")

    talk(a, b, ["hello", "zażółć \U0001f512 gęślą", "?OTR:not really.", "x" * 3000])
    talk(b, a, ["and back", "<b>bold</b> &amp;"])
    for turn in range(6):
        talk(*((a, b) if turn % 2 else (b, a)), [f"turn {turn}"])
    keys_a, keys_b = (d.ask("debug.keys", peer=p) for d, p in ((a, "bob"), (b, "alice")))
    check(keys_a["their_keyid"] in (keys_b["our_keyid"], keys_b["our_keyid"] - 1), "keyids")
    check(keys_a["their_y"] in (keys_b["our_dh"]["pub"], keys_b["our_old_dh"]["pub"]), "their_y")

    smp(a, b, "the same", "the same")
    check(a.ask("status", peer="bob")["trusted"], "smp gives trust")
    smp(b, a, "secret", "other", "what is it?")
    smp(b, a, "ключ", "ключ", "ça va?")
    a.ask("smp.start", peer="bob", secret="x")
    flow(a, b)
    a.ask("smp.abort", peer="bob")
    flow(a, b)
    check([e["event"] for e in b.take("smp")] == ["asked", "aborted"], "smp.abort")
    check(b.code("smp.answer", peer="alice", secret="x") == 1, "an answer nobody asked for")

    key = a.ask("extra_key", peer="bob", use=7, data="00ff")["key"]
    flow(a, b)
    check(b.take("extra_key") == [{"peer": "alice", "use": 7, "data": "00ff", "key": key}], "extra_key")
    a.ask("heartbeat", peer="bob")
    check(len(a.wire) >= 1, "a heartbeat goes out")
    flow(a, b, size)
    check(not b.take("message") and not b.take("warning"), "a heartbeat shows nothing")

    a.ask("trust", peer="bob", fingerprint=print_b, trusted=False)
    check(a.ask("status", peer="bob")["trusted"] is False, "trust withdrawn")
    check(a.code("trust", peer="bob", fingerprint="0" * 40, trusted=True) == 3, "an unknown fingerprint")

    a.ask("start", peer="bob")
    flow(a, b, size)
    check(a.take("session")[-1]["refreshed"] and b.take("session")[-1]["refreshed"], "refresh")
    talk(b, a, ["after the refresh"])

    a.ask("send", peer="bob", text="twice")
    again = list(a.wire)
    flow(a, b)
    for message in again:
        b.ask("receive", peer="alice", message=message)
    check(b.take("warning")[0]["code"] == "unreadable", "a replay")
    b.wire.clear()
    b.take("message")
    b.ask("receive", peer="alice", message="not encrypted")
    check(b.take("warning")[0] == {"peer": "alice", "code": "unencrypted_received", "text": "not encrypted"},
          "a clear message in a session")
    b.ask("receive", peer="alice", message="?OTR Error: something odd")
    check(b.take("warning")[0] == {"peer": "alice", "code": "peer_error", "text": "something odd"}, "an error")
    b.wire.clear()

    a.ask("end", peer="bob")
    check(a.take("session")[-1]["state"] == "plaintext", "end")
    flow(a, b)
    check(b.take("session")[-1]["state"] == "finished", "finished")
    check(b.ask("send", peer="alice", text="secret")["status"] == "refused" and not b.wire, "refused")
    b.ask("end", peer="alice")
    check(b.take("session")[-1]["state"] == "plaintext", "end after finished")

    b.ask("start", peer="alice")
    flow(a, b, size)
    talk(a, b, ["again"])
    a.close()
    check(a.heard[-1][0] == "session" and len(a.wire) >= 1, "end of input ends sessions")
    for message in a.wire:
        b.ask("receive", peer="alice", message=message)
    check(b.take("session")[-1]["state"] == "finished", "finished at the end of input")
    b.close()


def policies():
    a, b = Driver("alice", "--policy", "always"), Driver("bob", "--policy", "opportunistic")
    check(a.ask("send", peer="bob", text="held")["status"] == "queued", "always queues")
    flow(a, b)
    check([m["text"] for m in b.take("message")] == ["held"], "what was queued arrives")
    b.ask("end", peer="alice")
    flow(a, b)
    b.take("session")
    a.ask("end", peer="bob")
    a.take("session")
    check(b.ask("send", peer="alice", text="tagged")["status"] == "plaintext" and "\t" in b.wire[0], "a tag")
    flow(a, b)
    check(a.take("session")[-1]["state"] == "encrypted", "a tag starts a session")
    check(a.ask("policy", peer="eve", policy="never") == {"policy": "never", "versions": [2, 3]}, "policy")
    check(a.ask("policy", peer="eve", versions=[3]) == {"policy": "never", "versions": [3]}, "versions")
    check(a.ask("policy", peer="bob")["policy"] == "always", "others keep theirs")
    check(a.code("start", peer="eve") == 2, "never forbids")
    check(a.ask("send", peer="eve", text="x")["status"] == "plaintext", "never sends in clear")
    a.wire.clear()
    check(a.ask("policy", peer="bob", policy="never")["policy"] == "never", "never in a session")
    check(a.ask("send", peer="bob", text="x")["status"] == "refused" and not a.wire, "nothing in clear in a session")
    a.close(), b.close()


def files():
    with tempfile.TemporaryDirectory() as home:
        a, b = Driver("alice", home=home + "/new"), Driver("bob")
        before = a.ask("identity")
        a.ask("start", peer="bob")
        flow(a, b)
        a.ask("trust", peer="bob", fingerprint=b.ask("identity")["fingerprint"], trusted=True)
        a.close()
        check(sorted(os.listdir(home + "/new")) == ["otr.fingerprints", "otr.instance_tags", "otr.private_key"],
              "libotr's files")
        a = Driver("alice", home=home + "/new")
        check(a.ask("identity") == before, "the same keys again")
        b.ask("end", peer="alice")
        b.wire.clear()
        a.ask("start", peer="bob")
        flow(a, b)
        check(not a.take("fingerprint") and a.take("session")[-1]["trusted"], "trust is remembered")
        a.close(), b.close()


def nonsense():
    a, b = Driver("alice"), Driver("bob")
    a.ask("start", peer="bob")
    flow(a, b)
    a.ask("send", peer="bob", text="a sample")
    sample = a.wire[-1]
    dice = random.Random(7)
    for raw, code in ((b"{", -32700), (b"\xff\xfe", -32700), (b"[]", -32600), (b"7", -32600), (b"{}", -32600),
                      (b'{"jsonrpc":"2.0","method":"identity"}', -32600),
                      (b'{"jsonrpc":"1.0","id":1,"method":"identity"}', -32600),
                      (b'{"jsonrpc":"2.0","id":1,"method":"no"}', -32601),
                      (b'{"jsonrpc":"2.0","id":1,"method":"send","params":[]}', -32602),
                      (b'{"jsonrpc":"2.0","id":1,"method":"send","params":{"peer":"b"}}', -32602),
                      (b'{"jsonrpc":"2.0","id":1,"method":"send","params":{"peer":"b","text":"\\u0000"}}', -32602),
                      (b'{"jsonrpc":"2.0","id":1,"method":"send","params":{"peer":"","text":"x"}}', -32602),
                      (b'{"jsonrpc":"2.0","id":1,"method":"trust","params":{"peer":"b","fingerprint":"zz","trusted":true}}', -32602),
                      (b'{"jsonrpc":"2.0","id":1,"method":"extra_key","params":{"peer":"b","use":-1}}', -32602),
                      (b"[" * 100000, -32700), (b"\0", -32700)):
        check(b.line(raw)["error"]["code"] == code, f"{raw[:60]} is not {code}")
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "receive",
                          "params": {"peer": "alice", "message": "?OTR:AAMD"}}).encode()
    for _ in range(1500):
        raw = bytearray(request)
        for _ in range(dice.randrange(1, 8)):
            raw[dice.randrange(len(raw))] = dice.choice(b'{}[]",:\\u0?OTR|' + bytes([dice.randrange(256)]))
        raw = bytes(raw).replace(b"\n", b" ").replace(b"\r", b" ")
        if raw.strip(b" \t"):
            b.line(raw)
    alphabet = "?OTRv23|,.:ADCKRS\t =+/0123456789abcdef"
    starts = ["?OTR:AAMC", "?OTR:AAMK", "?OTR:AAMR", "?OTR:AAMS", "?OTR:AAMD", "?OTR:AAIC", "?OTR:AAID", "?OTR|",
              "?OTR,", "?OTR?", "?OTRv", "?OTR Error:", " \t  \t\t\t\t \t \t \t  ", sample[:40], sample[:200], ""]
    for _ in range(1500):
        tail = "".join(dice.choice(alphabet) for _ in range(dice.randrange(120)))
        b.ask("receive", peer=dice.choice(["alice", "x"]), message=dice.choice(starts) + tail)
    b.wire.clear(), b.heard.clear()
    a.wire.clear(), a.heard.clear()
    a.ask("start", peer="bob")
    flow(a, b)
    talk(a, b, ["still here"])
    a.close(), b.close()


for version in ("3", "2"):
    for size in (0, 399, 100):
        conversation(version, size)
policies()
files()
nonsense()
print(f"{checks} checks passed")
