"""The requests of the contract."""
import potr.context

from policy import NAMES, VERSIONS
from rpc import (INVALID_PARAMS, POLICY_FORBIDS, STORAGE_FAILED, UNKNOWN_METHOD, UNKNOWN_PEER, WRONG_STATE, Failure,
                 warn)

# A TLV holds 65535 bytes; an SMP1 message takes less than 1300 of them, an extra key's use 4.
MAX_QUESTION, MAX_USE_DATA = 60000, 65531


class Methods:
    def __init__(self, account):
        self.account = account
        self.table = {"start": self.start, "send": self.send, "receive": self.receive, "end": self.end,
                      "heartbeat": self.heartbeat, "smp.start": self.smp_start, "smp.answer": self.smp_answer,
                      "smp.abort": self.smp_abort, "trust": self.trust, "extra_key": self.extra_key,
                      "policy": self.policy, "status": self.status}

    def call(self, method, params):
        if method == "identity":
            return self.account.identity()
        if method not in self.table:
            raise Failure(UNKNOWN_METHOD, "there is no such method")
        peer = params.get("peer")
        if not _is_text(peer) or not peer or set(peer) & set("\t\r\n"):
            raise Failure(INVALID_PARAMS, "peer must be a name without control characters")
        try:
            result = self.table[method](self.account.conversation(peer), params)
        finally:
            failed, self.account.storage_failed = self.account.storage_failed, False
            if failed and method != "trust":
                warn(None, "other", "the fingerprints could not be written; see standard error")
        if failed and method == "trust":
            raise Failure(STORAGE_FAILED, "the fingerprints could not be written; see standard error")
        return {} if result is None else result

    def start(self, conversation, params):
        if not conversation.policyOtrEnabled():
            raise Failure(POLICY_FORBIDS, "the policy for this peer allows no version of OTR")
        conversation.query()

    def send(self, conversation, params):
        return {"status": conversation.say(_bytes(params, "text"))}

    def receive(self, conversation, params):
        conversation.hear(_bytes(params, "message"))

    def end(self, conversation, params):
        conversation.end()

    def heartbeat(self, conversation, params):
        _private(conversation).sendInternal(b"")

    def smp_start(self, conversation, params):
        secret, question = _bytes(params, "secret"), None
        if params.get("question") is not None:
            question = _bytes(params, "question")
            if len(question) > MAX_QUESTION:
                raise Failure(INVALID_PARAMS, "the question is longer than 60000 bytes")
        if _private(conversation).smp_state():  # the protocol wants the old run aborted first
            conversation.smpAbort()
        conversation.smpInit(secret, question)

    def smp_answer(self, conversation, params):
        secret = _bytes(params, "secret")
        if _private(conversation).smp_state() != "asked":
            raise Failure(WRONG_STATE, "the peer has not asked; use smp.start to ask")
        conversation.smpGotSecret(secret)

    def smp_abort(self, conversation, params):
        _private(conversation).smpAbort()

    def trust(self, conversation, params):
        fingerprint, trusted = params.get("fingerprint"), params.get("trusted")
        if not _is_text(fingerprint) or len(_hex(fingerprint, "fingerprint")) != 20 or not isinstance(trusted, bool):
            raise Failure(INVALID_PARAMS, "fingerprint must be 40 hex digits and trusted true or false")
        if conversation.getTrust(fingerprint.lower()) is None:
            raise Failure(UNKNOWN_PEER, "this fingerprint is not known for this peer")
        conversation.setTrust(fingerprint.lower(), "verified" if trusted else "")

    def extra_key(self, conversation, params):
        use, data = params.get("use"), params.get("data")
        if not isinstance(use, int) or isinstance(use, bool) or not 0 <= use < 1 << 32:
            raise Failure(INVALID_PARAMS, "use must be a number of 32 bits")
        data = _hex("" if data is None else data, "data")
        if len(data) > MAX_USE_DATA:
            raise Failure(INVALID_PARAMS, "data is longer than 65531 bytes")
        return {"key": _private(conversation).getExtraKey(use.to_bytes(4, "big"), data).hex()}

    def policy(self, conversation, params):
        name, versions = params.get("policy"), params.get("versions")
        if name is not None and name not in NAMES:
            raise Failure(INVALID_PARAMS, "policy must be never, manual, opportunistic or always")
        if versions is not None and (not isinstance(versions, list) or not versions or
                                     any(version not in (2, 3) for version in versions)):
            raise Failure(INVALID_PARAMS, "versions must be a list of 2 and 3")
        if versions is not None and 2 not in versions:
            raise Failure(POLICY_FORBIDS, "potr knows version 2 only; allow it, or set the policy never")
        if name is not None:
            conversation.set_policy(name)
        return {"policy": conversation.host_policy.name, "versions": VERSIONS}

    def status(self, conversation, params):
        return conversation.status()


def _private(conversation):
    if conversation.state != potr.context.STATE_ENCRYPTED or not conversation.policyOtrEnabled():
        raise Failure(WRONG_STATE, "there is no encrypted session with this peer; use start first")
    return conversation


def _is_text(value):
    return isinstance(value, str) and "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)


def _bytes(params, name):
    value = params.get(name)
    if not _is_text(value):
        raise Failure(INVALID_PARAMS, f"{name} must be a string without NUL")
    return value.encode("utf-8")


def _hex(value, name):
    try:
        if value != "".join(value.split()):
            raise ValueError
        return bytes.fromhex(value)
    except (ValueError, TypeError, AttributeError):
        raise Failure(INVALID_PARAMS, f"{name} must be hex digits") from None
