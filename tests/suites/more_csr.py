#!/usr/bin/env python3
"""more_csr.py DIR: makes requests, good and hostile, of the kinds in hostile-csr, and their
expected verdicts in DIR/expected.json, for hostile-csr/run.py --set DIR. They are for `prod` of a
workspace that `rootward init` made: prod.example.internal, 10.0.0.0/8."""
from csr_der import *  # noqa: F403
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils, x25519
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat)
import json
import os
import secrets
import sys

P256, P384 = "1.2.840.10045.3.1.7", "1.3.132.0.34"
out = sys.argv[1]
os.makedirs(f"{out}/files", exist_ok=True)
cases = []


def case(category, expect, id, data, why=""):
    """`data` is a request in DER, or the bytes of a file that is not just that."""
    if isinstance(data, bytes) and data[:1] == b"\x30":
        data = pem(data)
    with open(f"{out}/files/{id}.csr", "wb") as file:
        file.write(data)
    cases.append(dict(id=id, file=f"files/{id}.csr", category=category, expect=expect, why=why or id))


def p256():
    return ec.generate_private_key(ec.SECP256R1())


def group(category, expect, make, **variants):
    for id, variant in variants.items():
        case(category, expect, f"{category}-{id.replace('_', '-')}", make(variant))


# --- good ones ---------------------------------------------------------------
web = "web.prod.example.internal"
p384, r2048, r3072 = ec.generate_private_key(ec.SECP384R1()), *(
    rsa.generate_private_key(65537, size) for size in (2048, 3072))
case("good", "accept", "good-rsa-3072", request(r3072))
for how in ("rsa384", "rsa512"):
    case("good", "accept", f"good-{how}", request(rsa.generate_private_key(65537, 2048), how=how))
case("good", "accept", "good-p384-sha384", request(ec.generate_private_key(ec.SECP384R1()), how="ecdsa384"))
case("good", "accept", "good-p256-sha384", request(p256(), how="ecdsa384"))
case("good", "either", "good-p256-sha512", request(p256(), how="ecdsa512"))
case("good", "accept", "good-ed25519", request(ed25519.Ed25519PrivateKey.generate()))
case("good", "either", "good-p521", request(ec.generate_private_key(ec.SECP521R1()), how="ecdsa512"))


def pss(digest, kind, salt):
    key = rsa.generate_private_key(65537, 2048)
    hashed = seq(oid(kind), NULL)
    mgf = seq(oid("1.2.840.113549.1.1.8"), hashed)
    parameters = seq(tlv(0xA0, hashed), tlv(0xA1, mgf), tlv(0xA2, num(salt)))
    tbs = seq(num(0), cn(web), spki_of(key), tlv(0xA0))
    value = key.sign(tbs, padding.PSS(padding.MGF1(digest), salt), digest)
    return seq(tbs, seq(oid("1.2.840.113549.1.1.10"), parameters), bits(value))


case("good", "accept", "good-pss-sha256", pss(hashes.SHA256(), "2.16.840.1.101.3.4.2.1", 32))
case("good", "accept", "good-pss-sha512", pss(hashes.SHA512(), "2.16.840.1.101.3.4.2.3", 64))
case("good", "reject", "sig-pss-sha1", pss(hashes.SHA1(), "1.3.14.3.2.26", 20))
many = [[text(OU, "Infrastructure"), text(OU, "Operations")], text(CN, "prod vault")]
case("good", "accept", "good-ou-one-rdn", request(p256(), name(text(C, "SE", PRINTABLE), *many)))
case("good", "accept", "good-ou-two-rdns", request(p256(), name(*(text(OU, f"Unit {n}") for n in (1, 2)), text(CN, "prod vault"))))
case("good", "accept", "good-unicode", request(p256(), cn("Ångström Straße 東京")))
case("good", "accept", "good-64", request(p256(), cn("é" * 64)))
case("good", "accept", "good-cn-as-label", request(p256(), cn("prod-vault"), [asks(san(dns("prod-vault")))]))
case("good", "accept_override", "good-ca-pathlen", request(p256(), None, [asks(
    extension("2.5.29.19", seq(tlv(1, b"\xff"), num(9)), True), extension("2.5.29.15", bits(b"\x06", 1), True))]))
case("good", "accept_override", "good-name-constraints", request(p256(), None, [asks(
    extension("2.5.29.30", seq(tlv(0xA0, seq(dns("evil.example")))), True))]))
case("good", "either", "ext-unknown-critical", request(p256(), None, [asks(extension("1.2.3.4.5", b"\x05\x00", True))]))
case("good", "either", "ext-many", request(p256(), None, [asks(*(extension(f"1.2.3.4.{n}", b"\x05\x00") for n in range(800)))]))
case("good", "either", "ext-unknown-attribute", request(p256(), None, [seq(oid("1.2.3.4"), set_(NULL))]))

# --- keys ----------------------------------------------------------------------
bogus = secrets.token_bytes(256)
case("key", "reject", "key-rsa-1024", request(rsa.generate_private_key(65537, 1024)))
case("key", "reject", "key-rsa-e3", request(rsa.generate_private_key(3, 2048)))
for size in (8192, 16384, 65536):
    n = secrets.randbits(size) | 1 << (size - 1) | 1
    case("key", "reject", f"key-rsa-{size}", request(r2048, spki=rsa_spki(n), value=bogus))
n2048 = r2048.public_key().public_numbers().n
case("key", "reject", "key-rsa-even", request(r2048, spki=rsa_spki(n2048 + 1)))
case("key", "reject", "key-rsa-negative", request(r2048, spki=rsa_spki(-n2048)))
case("key", "reject", "key-rsa-e-even", request(r2048, spki=rsa_spki(n2048, 65538)))
case("key", "reject", "key-rsa-e-huge", request(r2048, spki=rsa_spki(n2048, 1 << 4000 | 1)))
case("key", "reject", "key-rsa-div-3", request(r2048, spki=rsa_spki(3 * (n2048 // 3 | 1) & ((1 << 2048) - 1))))
case("key", "either", "key-rsa-no-null", request(rsa.generate_private_key(65537, 2048), spki=rsa_spki(n2048, parameters=b"")))
case("key", "reject", "key-x25519", request(p256(), spki=spki_of(x25519.X25519PrivateKey.generate())))
e448 = ed448.Ed448PrivateKey.generate()
case("key", "reject", "key-ed448", request(p256(), spki=spki_of(e448), algorithm=seq(oid("1.3.101.113"))))


def fermat():
    """Primes next to each other, and a true signature."""
    def is_prime(n):
        return pow(2, n - 1, n) == 1 and pow(3, n - 1, n) == 1
    p = secrets.randbits(1024) | 3 << 1022 | 1
    while not is_prime(p):
        p += 2
    q = p + 2
    while not is_prime(q):
        q += 2
    d = pow(65537, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p),
                                    rsa.RSAPublicNumbers(65537, p * q))
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


case("key", "reject", "key-rsa-fermat", request(fermat()))
key = p256()
point = spki_of(key)[-65:]
group("key", "reject", lambda it: request(key, spki=ec_spki(*it)),
      off_curve=(P256, point[:-1] + bytes([point[-1] ^ 1])), infinity=(P256, b"\0"), zeros=(P256, b"\4" + bytes(64)),
      hybrid=(P256, b"\6" + point[1:]), wrong_curve=(P384, point), long=(P256, point + b"\0"),
      short=(P256, point[:-1]), above_p=(P256, b"\4" + b"\xff" * 64))
unused = spki_of(key)[:-66] + b"\1" + point[:-1] + bytes([point[-1] & 0xFE])
case("key", "reject", "key-unused-bits", request(key, spki=unused))
ed = seq(oid("1.3.101.112"))
group("key", "reject", lambda raw: request(ed25519.Ed25519PrivateKey.generate(), spki=seq(ed, bits(raw))),
      ed25519_31=bytes(31), ed25519_33=bytes(33), ed25519_off_curve=b"\2" + bytes(31))
# Of small order: everybody can sign for these points.
identity = b"\1" + bytes(31)
case("key", "reject", "key-ed25519-identity", request(
    key, spki=seq(ed, bits(identity)), algorithm=ed, value=identity + bytes(32)))
case("key", "reject", "key-ed25519-order-4", request(key, spki=seq(ed, bits(bytes(32))), algorithm=ed, value=identity + bytes(32)))

# --- possession ------------------------------------------------------------------
tbs = seq(num(0), cn(web), spki_of(key), tlv(0xA0))
r, s = utils.decode_dss_signature(signature(key, tbs, "ecdsa256"))
order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
group("pop", "reject", lambda value: seq(tbs, SIGNATURE["ecdsa256"][0], value),
      not_minimal=bits(seq(tlv(2, bytes(3) + r.to_bytes(32, "big")), num(s))),
      raw=bits(r.to_bytes(32, "big") + s.to_bytes(32, "big")), trailing=bits(seq(num(r), num(s)) + b"\0"),
      negative_s=bits(seq(num(r), num(-s))), s_plus_n=bits(seq(num(r), num(s + order))), empty=bits(b""),
      octets=tlv(4, seq(num(r), num(s))), r_zero=bits(seq(num(0), num(s))))
while s & 0xF:
    r, s = utils.decode_dss_signature(signature(key, tbs, "ecdsa256"))
case("pop", "reject", "pop-unused-bits", seq(tbs, SIGNATURE["ecdsa256"][0], bits(seq(num(r), num(s)), 4)))
case("pop", "reject", "pop-other-tbs", request(p256(), signed=tbs))
case("pop", "reject", "pop-rsa-on-ec", request(p256(), algorithm=SIGNATURE["rsa256"][0]))
case("pop", "reject", "pop-other-digest", request(p256(), algorithm=SIGNATURE["ecdsa384"][0]))
case("pop", "reject", "pop-sha1", request(p256(), how="ecdsa1"))
case("pop", "reject", "pop-md5", request(r2048, value=bogus, algorithm=SIGNATURE["md5"][0]))
case("pop", "reject", "pop-sha224", request(rsa.generate_private_key(65537, 2048), how="rsa224"))

from more_csr_text import make  # noqa: E402

make(case, group)
with open(f"{out}/expected.json", "w") as file:
    json.dump({"cases": cases}, file, indent=1)
print(len(cases), "requests")
