"""What a host wants: the policies of the contract in potr's words."""

VERSIONS = [2]
NAMES = ("never", "manual", "opportunistic", "always")


class Policy:
    def __init__(self, name):
        self.name = name

    def allows(self, what):
        """Potr's question."""
        return {"ALLOW_V2": self.name != "never", "SEND_TAG": self.name == "opportunistic",
                "REQUIRE_ENCRYPTION": self.name == "always"}.get(what, False)

    @property
    def starts_by_itself(self):
        """Whether a tag or an error message is reason enough to start a key exchange."""
        return self.name in ("opportunistic", "always")
