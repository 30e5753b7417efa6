"""A conversation with one peer: potr's context, and what it tells as notifications."""
import potr.context
from potr import crypt, proto
from potr.context import FRAGMENT_SEND_ALL, STATE_ENCRYPTED, STATE_FINISHED, STATE_PLAINTEXT

from policy import Policy
from rpc import notify, text, warn

STATES = {STATE_PLAINTEXT: "plaintext", STATE_ENCRYPTED: "encrypted", STATE_FINISHED: "finished"}

# States of potr's SMP: nothing under way; asked, and our user has not answered. The others wait for the peer.
SMP_IDLE, SMP_ASKED = 1, 0
# Of each SMP message: the state in which it is due, and how far it gets us in percent.
SMP_STEPS = {proto.SMP1TLV: (1, 25), proto.SMP1QTLV: (1, 25), proto.SMP2TLV: (2, 60), proto.SMP3TLV: (3, 100),
             proto.SMP4TLV: (4, 100)}


class Conversation(potr.context.Context):
    def __init__(self, account, peer):
        super().__init__(account, peer)
        self.own_policy, self.fingerprint, self.waiting = None, None, []

    # What potr asks of a host:

    def getPolicy(self, key):
        return self.host_policy.allows(key)

    def inject(self, msg, appdata=None):
        notify("inject", peer=self.peer, message=text(msg))

    def handleQuery(self, message, appdata=None):
        if not isinstance(message, proto.TaggedPlaintext) or self.host_policy.starts_by_itself:
            super().handleQuery(message, appdata)

    def processTLVs(self, tlvs, appdata=None):
        for tlv in tlvs:
            smp_before = self.crypto.smp.state if self.crypto.smp else SMP_IDLE
            super().processTLVs([tlv], appdata)
            self._tell_tlv(tlv, smp_before)

    def setState(self, newstate):
        before, known = self.state, self.fingerprint
        super().setState(newstate)
        if newstate == STATE_ENCRYPTED:
            self.fingerprint = self.crypto.theirPubkey.cfingerprint()
            self._note_fingerprint()
            self._tell_session(refreshed=before == STATE_ENCRYPTED and known == self.fingerprint)
        elif newstate != before:
            self._tell_session(refreshed=False)

    # What the driver asks:

    @property
    def host_policy(self):
        return self.own_policy or self.user.policy

    def set_policy(self, name):
        self.own_policy = Policy(name)

    def query(self):
        self.inject(self.user.getDefaultQueryMessage(self.getPolicy))

    def say(self, message):
        """Sends what a user wrote; the status that the contract has for what became of it."""
        before = self.state
        if before == STATE_FINISHED or (before == STATE_ENCRYPTED and not self.policyOtrEnabled()):
            return "refused"
        is_query = self.policyOtrEnabled() and self.parseExplicitQuery(message) is not None
        rest = self.sendMessage(FRAGMENT_SEND_ALL, message)
        if rest is not None:  # what potr leaves to its host to send: all that is not encrypted
            self.inject(rest)
        if before == STATE_ENCRYPTED and not is_query:
            return "sent"
        if self.getPolicy("REQUIRE_ENCRYPTION") and not is_query:
            self.waiting.append(message)
            return "queued"
        return "plaintext"

    def hear(self, message):
        """Takes a message from the network."""
        try:
            shown, _ = self.receiveMessage(message)
        except potr.context.NotOTRMessage as plain:
            self._show(plain.args[0], encrypted=False)
        except potr.context.UnencryptedMessage as plain:
            warn(self.peer, "unencrypted_received", text(plain.args[0]))
        except potr.context.NotEncryptedError:
            warn(self.peer, "not_in_private", "an encrypted message arrived, but there is no session")
        except potr.context.ErrorReceived as error:
            warn(self.peer, "peer_error", text(error.args[0].error).strip())
            if self.host_policy.starts_by_itself:
                self.query()
        except crypt.InvalidParameterError:
            warn(self.peer, "unreadable", "a message could not be read")
        except Exception as error:  # whatever broken input makes potr stumble over
            warn(self.peer, "malformed", f"a malformed message arrived: {type(error).__name__}")
        else:
            if shown is not None:
                self._show(shown, encrypted=True)
        self._send_waiting()

    def end(self):
        if self.state != STATE_PLAINTEXT:
            self.disconnect()

    def smp_state(self):
        smp = self.crypto.smp
        if self.state != STATE_ENCRYPTED or smp is None or smp.state == SMP_IDLE:
            return None
        return "asked" if smp.state == SMP_ASKED else "in_progress"

    def status(self):
        private = self.state != STATE_PLAINTEXT
        return {"state": STATES[self.state], "version": 2 if private else None,
                "their_fingerprint": self.fingerprint if private else None,
                "trusted": private and self._is_trusted(), "session_id": self._session_id(), "our_instance": None,
                "their_instance": None, "smp": self.smp_state()}

    def _show(self, message, encrypted):
        notify("message", peer=self.peer, text=text(message), encrypted=encrypted, their_instance=None)

    def _send_waiting(self):
        if self.state == STATE_ENCRYPTED:
            waiting, self.waiting = self.waiting, []
            for message in waiting:
                self.say(message)

    def _note_fingerprint(self):
        if self.getTrust(self.fingerprint) is None:
            self.setTrust(self.fingerprint, "")
            notify("fingerprint", peer=self.peer, fingerprint=self.fingerprint, known=False)

    def _is_trusted(self):
        return bool(self.getTrust(self.fingerprint))

    def _session_id(self):
        if self.state != STATE_ENCRYPTED:
            return None
        return {"value": self.crypto.sessionId.hex(), "ours": "second" if self.crypto.sessionIdHalf else "first"}

    def _tell_session(self, refreshed):
        # Who sent the Reveal Signature message reads out the first half, and had sent the D-H Commit message.
        initiated = self.state == STATE_ENCRYPTED and not self.crypto.sessionIdHalf
        notify("session", peer=self.peer, state=STATES[self.state], version=2, their_fingerprint=self.fingerprint,
               trusted=self._is_trusted(), session_id=self._session_id(), initiated_by_us=initiated,
               refreshed=refreshed, their_instance=None)

    def _tell_tlv(self, tlv, smp_before):
        if isinstance(tlv, proto.ExtraKeyTLV):
            notify("extra_key", peer=self.peer, use=int.from_bytes(tlv.appid, "big"), data=tlv.appdata.hex(),
                   key=self.crypto.extraKey.hex())
        elif isinstance(tlv, proto.SMPTLV) and self.crypto.smp is not None:
            self._tell_smp(tlv, smp_before)

    def _tell_smp(self, tlv, before):
        smp = self.crypto.smp
        due, progress = SMP_STEPS.get(type(tlv), (None, 0))
        if before != due:  # the peer has aborted, or potr has because this step was not due
            event, progress = "aborted", 0
        elif smp.prog == crypt.SMPPROG_CHEATED:
            event, progress = "cheated", 0
        elif smp.prog == crypt.SMPPROG_OK:
            event = "asked" if smp.state == SMP_ASKED else "in_progress"
        else:
            event = "succeeded" if smp.prog == crypt.SMPPROG_SUCCEEDED else "failed"
        question = {"question": text(tlv.msg)} if event == "asked" and isinstance(tlv, proto.SMP1QTLV) else {}
        notify("smp", peer=self.peer, event=event, progress=progress, **question)
