"""One account: its key, what is known of others' keys, and where they lie: libotr's files, one account to a home."""
import json
import os
import re
import sys

import potr.context

import backend
from conversation import Conversation
from policy import VERSIONS

KEY, FINGERPRINTS = "otr.private_key", "otr.fingerprints"


class Account(potr.context.Account):
    contextclass = Conversation

    def __init__(self, name, protocol, policy, max_message_size, home):
        super().__init__(name, protocol, max_message_size)
        self.policy, self.home, self.storage_failed = policy, home, False
        if home:
            os.makedirs(home, mode=0o700, exist_ok=True)
            self._load_trusts()
        self.getPrivkey()

    def identity(self):
        return {"account": self.name, "protocol": self.protocol, "fingerprint": self.getPrivkey().cfingerprint(),
                "instance_tag": None, "versions": VERSIONS}

    def conversation(self, peer):
        return self.getContext(peer)

    def end_all(self):
        for conversation in self.ctxs.values():
            conversation.end()

    # What potr asks of a host:

    def loadPrivkey(self):
        if not self.home or not os.path.exists(self._path(KEY)):
            return None
        with open(self._path(KEY), encoding="utf-8") as file:
            numbers = dict(re.findall(r"\(([pqgyx]) #([0-9A-Fa-f]+)#\)", file.read()))
        return backend.Key(tuple(int(numbers[name], 16) for name in "ygpqx"), private=True)

    def savePrivkey(self):
        if not self.home:
            return
        numbers = zip("pqgyx", self.privkey.getPrivatePayload())
        lines = "".join(f"  ({name} #{_even(number)}#)\n" for name, number in numbers)
        self._write(KEY, f"(privkeys\n (account\n(name {json.dumps(self.name, ensure_ascii=False)})\n"
                         f"(protocol {self.protocol})\n(private-key \n (dsa \n{lines}  )\n )\n )\n)\n")

    def saveTrusts(self):
        if not self.home:
            return
        lines = (f"{peer}\t{self.name}\t{self.protocol}\t{fingerprint}\t{trust}\n"
                 for peer, known in self.trusts.items() for fingerprint, trust in known.items())
        try:
            self._write(FINGERPRINTS, "".join(lines))
        except OSError as error:
            print(f"potr-driver: {error}", file=sys.stderr)
            self.storage_failed = True

    def _load_trusts(self):
        if not os.path.exists(self._path(FINGERPRINTS)):
            return
        with open(self._path(FINGERPRINTS), encoding="utf-8") as file:
            for line in file:
                fields = line.rstrip("\n").split("\t")
                if len(fields) >= 4 and fields[1:3] == [self.name, self.protocol]:
                    self.trusts.setdefault(fields[0], {})[fields[3]] = "".join(fields[4:5])

    def _path(self, name):
        return os.path.join(self.home, name)

    def _write(self, name, content):
        path = self._path(name)
        with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(path + ".new", path)


def _even(number):
    """Hex digits of whole bytes, with a leading zero byte where libotr's files have one."""
    digits = f"{number:X}"
    digits = digits.zfill(len(digits) + len(digits) % 2)
    return "00" + digits if digits[0] in "89ABCDEF" else digits
