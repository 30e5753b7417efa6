"""Two ends of an encrypted session, which hand each other their messages in memory."""
from collections import deque

import potr.context
from potr.context import FRAGMENT_SEND_ALL_BUT_LAST, STATE_ENCRYPTED


class Wrong(Exception):
    """Something did not go as it should."""


class End(potr.context.Context):
    """potr's context without what the driver's tells its host."""

    def __init__(self, account, peer):
        super().__init__(account, peer)
        self.outbox = deque()

    # What potr asks of a host:

    def getPolicy(self, key):
        return self.user.policy.allows(key)

    def inject(self, msg, appdata=None):
        self.outbox.append(msg)


class Pair:
    def __init__(self, accounts):
        alice, bob = accounts
        self.alice, self.bob = End(alice, bob.name), End(bob, alice.name)
        self.alice.inject(alice.getDefaultQueryMessage(self.alice.getPolicy))
        self._settle()
        if not self.alice.state == self.bob.state == STATE_ENCRYPTED:
            raise Wrong("an exchange failed")

    def hand_over(self, writer, text):
        """A text from its writer to the other end, and nothing else."""
        message = writer.sendMessage(FRAGMENT_SEND_ALL_BUT_LAST, text)
        if not message.startswith(b"?OTR:"):
            raise Wrong("a text did not go out encrypted")
        shown, _ = self._other(writer).receiveMessage(message)
        if shown is None or len(shown) != len(text):
            raise Wrong("a text did not arrive")
        if self.alice.outbox or self.bob.outbox:
            raise Wrong("a text was answered")

    def compare(self, secret):
        self.alice.smpInit(secret)
        self._settle()
        if self.bob.smpIsSuccess():
            raise Wrong("the secrets were found equal before there were two")
        self.bob.smpGotSecret(secret)
        self._settle()
        if not (self.alice.smpIsSuccess() and self.bob.smpIsSuccess()):
            raise Wrong("the secrets were not found equal")

    def _settle(self):
        """Hands over messages until there are none."""
        while sender := next((end for end in (self.alice, self.bob) if end.outbox), None):
            self._other(sender).receiveMessage(sender.outbox.popleft())

    def _other(self, end):
        return self.bob if end is self.alice else self.alice
