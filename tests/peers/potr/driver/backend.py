"""The cryptography that potr asks for and Debian's package does not give it.

Its `compatcrypto` was written for PyCrypto. PyCryptodome, which it now imports, has no raw DSA signatures and takes
no function as a counter, so it can neither sign nor encrypt. Both are given here; hashes and MACs work as they are."""
from Cryptodome.Cipher import AES
from Cryptodome.PublicKey import DSA
from potr import compatcrypto, crypt
from potr.compatcrypto import common
from potr.utils import bytes_to_long, long_to_bytes


@common.registerkeytype
class Key(compatcrypto.DSAKey):
    """potr's key; what is signed is a number taken as it is, neither hashed nor cut."""

    @classmethod
    def generate(cls):
        key = DSA.generate(1024)
        return cls(tuple(int(number) for number in (key.y, key.g, key.p, key.q, key.x)), private=True)

    def sign(self, data):
        p, q, g, _, x = self.getPrivatePayload()
        while True:
            k = compatcrypto.randrange(1, q)
            r = pow(g, k, p) % q
            s = pow(k, -1, q) * (bytes_to_long(data) + x * r) % q
            if r and s:
                return long_to_bytes(r, 20) + long_to_bytes(s, 20)

    def verify(self, data, sig):
        p, q, g, y = self.getPublicPayload()
        r, s = bytes_to_long(sig[:20]), bytes_to_long(sig[20:])
        if not (0 < r < q and 0 < s < q):
            return False
        w = pow(s, -1, q)
        return pow(g, bytes_to_long(data) * w % q, p) * pow(y, r * w % q, p) % p % q == r

    def getPublicPayload(self):
        return tuple(int(number) for number in super().getPublicPayload())

    def getPrivatePayload(self):
        return tuple(int(number) for number in super().getPrivatePayload())


def aes_ctr(key, counter=0):
    """AES in counter mode; the upper half of the counter is given, the lower half starts at 0."""
    prefix = counter if isinstance(counter, int) else counter.prefix
    return AES.new(key, AES.MODE_CTR, nonce=long_to_bytes(prefix, 8), initial_value=0)


def install():
    crypt.AESCTR = aes_ctr
