"""python3-fido2 as a client of our authenticator, over a Unix socket that carries
HID reports of 64 bytes. It is strict about canonical CBOR and checks attestations
and assertions itself. The last line is "content" when all is as it should be."""

import socket
import sys
from hashlib import sha256
from threading import Event

from fido2.attestation import Attestation
from fido2.cose import ES256, EdDSA
from fido2.ctap import CtapError
from fido2.ctap1 import ApduError, Ctap1
from fido2.ctap2 import ClientPin, CredentialManagement, Ctap2, PinProtocolV1, PinProtocolV2
from fido2.ctap2.base import AssertionResponse
from fido2.ctap2.extensions import HmacSecretExtension
from fido2.hid import CAPABILITY, CTAPHID, CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor

REPORT = 64
RP, WAITS = "keyferry.internal", "waits.keyferry.internal"
HASH = sha256(b"client data").digest()
RP_HASH = sha256(RP.encode()).digest()
PIN, OTHER = "2468", "\u00e4\u00f6\u00fc\u00df-97531"
ERR = CtapError.ERR
MAY = ClientPin.PERMISSION


class Wire(CtapHidConnection):
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def read_packet(self):
        report = b""
        while len(report) < REPORT:
            more = self.socket.recv(REPORT - len(report))
            if not more:
                raise EOFError("the key is gone")
            report += more
        return report

    def write_packet(self, packet):
        assert len(packet) == REPORT, "a report of %d bytes" % len(packet)
        self.socket.sendall(packet)

    def close(self):
        self.socket.close()


def refused(what, want, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except CtapError as e:
        assert e.code == want, "%s: %s, not %s" % (what, e, want)
        print("%s: %s" % (what, e.code))
        return
    raise AssertionError("%s: was not refused with %s" % (what, want))


class Peer:
    def __init__(self, dev, protocol):
        self.ctap = Ctap2(dev, strict_cbor=True)
        self.protocol = protocol
        self.pin = ClientPin(self.ctap, protocol)

    def token(self, pin, permission, rp=RP):
        return self.pin.get_pin_token(pin, permission, rp)

    def create(self, token=None, alg=ES256, rk=False, exclude=None, extensions=None, rp=RP, **kwargs):
        proof = {}
        if token:
            proof = {"pin_uv_param": self.protocol.authenticate(token, HASH), "pin_uv_protocol": self.protocol.VERSION}
        made = self.ctap.make_credential(
            HASH, {"id": rp, "name": "Keyferry"}, {"id": b"ada", "name": "ada", "displayName": "Ada"},
            [{"type": "public-key", "alg": alg.ALGORITHM}],
            exclude_list=exclude, extensions=extensions, options={"rk": True} if rk else None, **proof, **kwargs)
        Attestation.for_type(made.fmt)().verify(made.att_statement, made.auth_data, HASH)
        assert made.auth_data.rp_id_hash == sha256(rp.encode()).digest()
        assert made.auth_data.is_user_verified() == bool(token)
        return made

    def get(self, made, token=None, named=True, extensions=None):
        proof = {}
        if token:
            proof = {"pin_uv_param": self.protocol.authenticate(token, HASH), "pin_uv_protocol": self.protocol.VERSION}
        data = made.auth_data.credential_data
        allow = [{"type": "public-key", "id": data.credential_id}] if named else None
        answers = self.ctap.get_assertions(RP, HASH, allow, extensions, **proof)
        for a in answers:
            a.verify(HASH, data.public_key)
            assert a.auth_data.is_user_verified() == bool(token)
        return answers


def pins(p):
    assert p.ctap.info.options["clientPin"] is False
    p.pin.set_pin(PIN)
    assert p.ctap.get_info().options["clientPin"] is True
    refused("set again", ERR.PIN_AUTH_INVALID, p.pin.set_pin, PIN)
    assert p.pin.get_pin_retries()[0] == 8
    refused("a wrong PIN", ERR.PIN_INVALID, p.token, "1357", MAY.MAKE_CREDENTIAL)
    assert p.pin.get_pin_retries()[0] == 7
    p.pin.change_pin(PIN, OTHER)
    refused("the old PIN", ERR.PIN_INVALID, p.token, PIN, MAY.MAKE_CREDENTIAL)
    p.token(OTHER, MAY.MAKE_CREDENTIAL)
    p.pin.change_pin(OTHER, PIN)
    print("PIN set and changed")


def ceremonies(p):
    for alg in (ES256, EdDSA):
        made = p.create(p.token(PIN, MAY.MAKE_CREDENTIAL), alg)
        p.get(made)
        p.get(made, p.token(PIN, MAY.GET_ASSERTION))
        print("made and used: %s, %s" % (alg.__name__, made.fmt))
    exclude = [{"type": "public-key", "id": made.auth_data.credential_data.credential_id}]
    refused("again", ERR.CREDENTIAL_EXCLUDED, p.create, p.token(PIN, MAY.MAKE_CREDENTIAL), exclude=exclude)
    refused("nobody's token", ERR.PIN_AUTH_INVALID, p.create, bytes(32))
    if p.ctap.info.options.get("pinUvAuthToken"):
        refused("another's token", ERR.PIN_AUTH_INVALID, p.create, p.token(PIN, MAY.MAKE_CREDENTIAL, "another.internal"))
        refused("a token for something else", ERR.PIN_AUTH_INVALID, p.create, p.token(PIN, MAY.GET_ASSERTION))
    if p.ctap.info.options.get("uv"):
        made = p.create(p.pin.get_uv_token(MAY.MAKE_CREDENTIAL, RP))
        p.get(made, p.pin.get_uv_token(MAY.GET_ASSERTION, RP))
        print("verified by the key itself")
        assert p.pin.get_uv_retries()[0] == 3


def passkeys(p):
    made = p.create(p.token(PIN, MAY.MAKE_CREDENTIAL), rk=True, extensions={"hmac-secret": True, "credProtect": 2})
    assert made.auth_data.extensions == {"hmac-secret": True, "credProtect": 2}
    seen = set()
    for salts in ({"salt1": HASH}, {"salt1": HASH, "salt2": RP_HASH}):
        ext = HmacSecretExtension(p.ctap, p.protocol)
        token = p.token(PIN, MAY.GET_ASSERTION)
        answer, = p.get(made, token, named=False, extensions={"hmac-secret": ext.process_get_input({"hmacGetSecret": salts})})
        out = ext.process_get_output(answer.auth_data)["hmacGetSecret"]
        assert all(len(secret) == 32 for secret in out.values()) and len(out) == len(salts)
        seen.add(out["output1"])
        assert answer.user["id"] == b"ada"
    assert len(seen) == 1, "the secret is not steady"
    print("a passkey with a secret")

    cm = CredentialManagement(p.ctap, p.protocol, p.token(PIN, MAY.CREDENTIAL_MGMT, None))
    R = CredentialManagement.RESULT
    assert cm.get_metadata()[R.EXISTING_CRED_COUNT] == 1
    rps = cm.enumerate_rps()
    assert [r[R.RP]["id"] for r in rps] == [RP] and rps[0][R.RP_ID_HASH] == RP_HASH
    creds = cm.enumerate_creds(RP_HASH)
    assert [c[R.USER]["name"] for c in creds] == ["ada"] and creds[0][R.CRED_PROTECT] == 2
    assert dict(creds[0][R.PUBLIC_KEY]) == dict(made.auth_data.credential_data.public_key)
    if p.ctap.info.options.get("credMgmt"):
        cm.update_user_info(creds[0][R.CREDENTIAL_ID], {"id": b"ada", "name": "ada l.", "displayName": "Ada L."})
        assert cm.enumerate_creds(RP_HASH)[0][R.USER]["displayName"] == "Ada L."
    cm.delete_cred(creds[0][R.CREDENTIAL_ID])
    refused("none left", ERR.NO_CREDENTIALS, cm.enumerate_rps)
    assert cm.get_metadata()[R.EXISTING_CRED_COUNT] == 0
    print("listed and deleted")


def cancelling(p):
    event, seen = Event(), []

    def blinks(status):
        seen.append(int(status))
        if status == 2:
            event.set()

    refused("cancelled", ERR.KEEPALIVE_CANCEL, p.create, p.token(PIN, MAY.MAKE_CREDENTIAL, WAITS), rp=WAITS, event=event, on_keepalive=blinks)
    assert 2 in seen
    p.ctap.get_info()


def touching(p):
    dummy = dict(pin_uv_param=b"", pin_uv_protocol=p.protocol.VERSION)
    refused("which one is it, the old way", ERR.PIN_INVALID, p.create, **dummy)
    if p.ctap.info.options.get("pinUvAuthToken"):
        p.ctap.selection()
        print("selected")


def u2f(dev):
    ctap = Ctap1(dev)
    assert ctap.get_version() == "U2F_V2"
    made = ctap.register(HASH, RP_HASH)
    made.verify(RP_HASH, HASH)
    counter = 0
    for _ in range(2):
        signed = ctap.authenticate(HASH, RP_HASH, made.key_handle)
        signed.verify(RP_HASH, HASH, made.public_key)
        assert signed.user_presence == 1 and signed.counter > counter
        counter = signed.counter
    for handle, want in ((made.key_handle, 0x6985), (bytes(32), 0x6A80)):
        try:
            ctap.authenticate(HASH, RP_HASH, handle, check_only=True)
            raise AssertionError("check only was answered with success")
        except ApduError as e:
            assert e.code == want, "%04x" % e.code
    print("registered and authenticated by U2F")
    return made


def main(path):
    dev = CtapHidDevice(HidDescriptor(path, 0x1209, 1, REPORT, REPORT), Wire(path))
    assert dev.version == 2 and dev.capabilities & CAPABILITY.WINK
    for size in (0, 1, 57, 58, 7609):
        assert dev.ping(bytes(size)) == bytes(size), size
    dev.wink()
    if dev.capabilities & CAPABILITY.CBOR:
        info = Ctap2(dev, strict_cbor=True).info
        print(info)
        for protocol in (PinProtocolV2(), PinProtocolV1()):
            if protocol.VERSION not in info.pin_uv_protocols:
                continue
            print("--- protocol %d" % protocol.VERSION)
            p = Peer(dev, protocol)
            pins(p)
            ceremonies(p)
            passkeys(p)
            touching(p)
            cancelling(p)
            p.ctap.reset()
        Peer(dev, protocol)
        made = u2f(dev)
        allow = [{"type": "public-key", "id": made.key_handle}]
        AssertionResponse.verify(p.ctap.get_assertion(RP, HASH, allow), HASH, ES256.from_ctap1(made.public_key))
        print("what U2F made is used by CTAP2")
    else:
        refused("CTAP2", ERR.INVALID_COMMAND, dev.call, CTAPHID.CBOR, b"\x04")
        u2f(dev)
    dev.close()
    print("content")


main(sys.argv[1])
