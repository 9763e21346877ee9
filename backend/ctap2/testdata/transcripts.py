#!/usr/bin/env python3
"""Writes the transcripts of this folder, from the text of CTAP 2.2 alone: nothing
here is shared with the Go code that is held against them. Needs python3-cryptography.

    python3 transcripts.py        # writes *.transcript beside itself

A transcript is text: "# remark", "name: value" for what a test needs to know (hex
or a word), "> hex" for a request with its command byte, "< hex" for the response
with its status byte. rand is the platform's randomness in the order in which it is
drawn: the private key of a key agreement (32 bytes), then in protocol two one
initialisation vector (16 bytes) for each encryption.
"""
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


# --- CBOR, canonical (section 8) ---

def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for extra, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if n < 1 << 8 * struct.calcsize(form):
            return bytes([major << 5 | extra]) + struct.pack(form, n)


def cbor(v):
    if v is True or v is False:
        return b"\xf5" if v else b"\xf4"
    if isinstance(v, int):
        return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, bytes):
        return head(2, len(v)) + v
    if isinstance(v, str):
        return head(3, len(v.encode())) + v.encode()
    if isinstance(v, list):
        return head(4, len(v)) + b"".join(map(cbor, v))
    pairs = sorted(((cbor(k), cbor(x)) for k, x in v.items()), key=lambda p: (p[0][0] >> 5, len(p[0]), p[0]))
    return head(5, len(v)) + b"".join(k + x for k, x in pairs)


# --- PIN/UV auth protocols (sections 6.5.6 and 6.5.7) ---

def key(name):
    """A private key that is the same in every run."""
    return ec.derive_private_key(int.from_bytes(hashlib.sha256(name.encode()).digest(), "big"), ec.SECP256R1())


def scalar(k):
    return k.private_numbers().private_value.to_bytes(32, "big")


def cose(k):
    n = k.public_key().public_numbers()
    return {1: 2, 3: -25, -1: 1, -2: n.x.to_bytes(32, "big"), -3: n.y.to_bytes(32, "big")}


def sha(b):
    return hashlib.sha256(b).digest()


class Protocol:
    def __init__(self, number, platform, authenticator):
        z = platform.exchange(ec.ECDH(), authenticator.public_key())
        self.number = number
        if number == 1:
            self.mac = self.aes = sha(z)
        else:
            kdf = lambda info: HKDF(hashes.SHA256(), 32, b"\0" * 32, info).derive(z)
            self.mac, self.aes = kdf(b"CTAP2 HMAC key"), kdf(b"CTAP2 AES key")

    def encrypt(self, plain, iv=None):
        start = iv if self.number == 2 else b"\0" * 16
        e = Cipher(algorithms.AES(self.aes), modes.CBC(start)).encryptor()
        return (start if self.number == 2 else b"") + e.update(plain) + e.finalize()

    def authenticate(self, message, key=None):
        full = hmac.new(key or self.mac, message, hashlib.sha256).digest()
        return full if self.number == 2 else full[:16]


def pin_hash(pin):
    return sha(pin.encode())[:16]


def padded(pin):
    return pin.encode().ljust(64, b"\0")


# --- the transcripts ---

class Transcript:
    def __init__(self, remark, **facts):
        self.remark = ["# " + r for r in remark.split("\n")]
        self.lines = []
        self.drawn = b""
        self.facts = facts

    def fact(self, name, value):
        self.facts[name] = value

    def draw(self, b):
        self.drawn += b
        return b

    def iv(self, protocol, name):
        return self.draw(sha(name.encode())[:16]) if protocol == 2 else None

    def say(self, remark, command, members, status, answer=None):
        self.lines += ["", "# " + remark]
        self.lines.append("> " + (bytes([command]) + (cbor(members) if members is not None else b"")).hex())
        self.lines.append("< " + (bytes([status]) + (cbor(answer) if answer is not None else b"")).hex())

    def agree(self, protocol, platform, authenticator):
        """One key agreement; the platform's key is drawn, the authenticator's told."""
        p, a = key(platform), key(authenticator)
        self.say("getKeyAgreement", 6, {1: protocol, 2: 2}, 0, {1: cose(a)})
        self.draw(scalar(p))
        return Protocol(protocol, p, a), cose(p)

    def write(self, name):
        facts = [f"{k}: {v}" for k, v in sorted((self.facts | {"rand": self.drawn.hex()}).items())]
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".transcript")
        with open(path, "w") as f:
            f.write("\n".join(self.remark + facts + self.lines) + "\n")


TOKEN = sha(b"the token")
HASH = sha(b"a client data hash")


def token(number):
    t = Transcript(f"A token by PIN, protocol {number}.", pin="1234")
    s, mine = t.agree(number, "platform", "authenticator")
    members = {1: number, 2: 5, 3: mine, 6: s.encrypt(pin_hash("1234"), t.iv(number, "iv"))}
    if number == 2:
        members.update({2: 9, 9: 3, 10: "example.org"})
    t.say("getPinToken" if number == 1 else "getPinUvAuthTokenUsingPinWithPermissions, mc and ga", 6, members,
          0, {2: s.encrypt(TOKEN, sha(b"its iv")[:16])})
    t.fact("hash", HASH.hex())
    t.fact("param", s.authenticate(HASH, TOKEN).hex())
    t.write(f"token-pin{number}")


def attempt(t, number, pin, n, status, answer=None):
    s, mine = t.agree(number, f"platform {n}", f"authenticator {n}")
    t.say(f"getPinToken with {pin}", 6, {1: number, 2: 9, 3: mine, 6: s.encrypt(pin_hash(pin), t.iv(number, f"iv {n}")), 9: 2, 10: "example.org"},
          status, answer and {2: s.encrypt(TOKEN, sha(b"its iv")[:16])})
    return s


def wrong(number):
    t = Transcript("A wrong PIN, then the right one. The authenticator has another key\nagreement key after the wrong one.", pin="1234", wrong="9876")
    attempt(t, number, "9876", 1, 0x31)
    t.say("getPINRetries", 6, {1: number, 2: 1}, 0, {3: 7, 4: False})
    s = attempt(t, number, "1234", 2, 0, True)
    t.fact("hash", HASH.hex())
    t.fact("param", s.authenticate(HASH, TOKEN).hex())
    t.write(f"wrong-pin{number}")


def locked():
    t = Transcript("The third wrong PIN in a row, and after power was lost the last one of all.", wrong="9876")
    attempt(t, 2, "9876", 1, 0x34)
    attempt(t, 2, "9876", 2, 0x32)
    attempt(t, 2, "9876", 3, 0x31)
    t.say("getPINRetries: it is the last", 6, {1: 2, 2: 1}, 0, {3: 0, 4: False})
    attempt(t, 2, "9876", 4, 0x31)
    t.say("getPINRetries: unplug it", 6, {1: 2, 2: 1}, 0, {3: 5, 4: True})
    t.write("locked")


def set_and_change(number):
    t = Transcript(f"The first PIN, then another one, protocol {number}.", pin="1234", fresh="\u00e9t\u00e9-4321")
    s, mine = t.agree(number, "platform", "authenticator")
    new = s.encrypt(padded("1234"), t.iv(number, "iv 1"))
    t.say("setPIN", 6, {1: number, 2: 3, 3: mine, 4: s.authenticate(new), 5: new}, 0)
    s, mine = t.agree(number, "platform 2", "authenticator")
    new = s.encrypt(padded("\u00e9t\u00e9-4321"), t.iv(number, "iv 2"))
    old = s.encrypt(pin_hash("1234"), t.iv(number, "iv 3"))
    t.say("changePIN", 6, {1: number, 2: 4, 3: mine, 4: s.authenticate(new + old), 5: new, 6: old}, 0)
    t.write(f"set-pin{number}")


def listing(command, number, name):
    t = Transcript("A token for management, numbers, two relying parties, two credentials of the\nfirst, and one of them deleted.", pin="1234")
    s, mine = t.agree(number, "platform", "authenticator")
    members = {1: number, 2: 5, 3: mine, 6: s.encrypt(pin_hash("1234"), t.iv(number, "iv"))}
    if number == 2:
        members.update({2: 9, 9: 4})
    t.say("a token", 6, members, 0, {2: s.encrypt(TOKEN, sha(b"its iv")[:16])})

    def signed(sub, params=None):
        m = {1: sub, 3: number, 4: s.authenticate(bytes([sub]) + (cbor(params) if params else b""), TOKEN)}
        if params:
            m[2] = params
        return m

    def credential(id, user, x):
        return {6: {"id": user.encode(), "name": user, "displayName": user.title()},
                7: {"id": id, "type": "public-key"},
                8: {1: 2, 3: -7, -1: 1, -2: cose(key(x))[-2], -3: cose(key(x))[-3]}}

    one, two = sha(b"one"), sha(b"two")
    t.say("getCredsMetadata", command, signed(1), 0, {1: 3, 2: 22})
    t.say("enumerateRPsBegin", command, signed(2), 0, {3: {"id": "example.org", "name": "Example"}, 4: sha(b"example.org"), 5: 2})
    t.say("enumerateRPsGetNextRP", command, {1: 3}, 0, {3: {"id": "other.example"}, 4: sha(b"other.example")})
    t.say("enumerateCredentialsBegin", command, signed(4, {1: sha(b"example.org")}), 0, credential(one, "alice", "k1") | {9: 2, 10: 1})
    t.say("enumerateCredentialsGetNextCredential", command, {1: 5}, 0, credential(two, "bob", "k2") | {10: 3, 11: sha(b"blob")})
    t.say("deleteCredential", command, signed(6, {2: {"id": two, "type": "public-key"}}), 0)
    t.say("enumerateCredentialsBegin of somebody without any", command, signed(4, {1: sha(b"other.example")}), 0x2E)
    t.fact("one", one.hex())
    t.fact("two", two.hex())
    t.write(name)


for n in (1, 2):
    token(n)
    wrong(n)
    set_and_change(n)
locked()
listing(0x0A, 2, "management")
listing(0x41, 1, "management-preview")
