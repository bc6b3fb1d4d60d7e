"""Requests (RFC 2986) from hand-made DER, so that any part of them can be wrong."""
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import base64


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    length = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def seq(*parts):
    return tlv(0x30, *parts)


def set_(*parts):
    return tlv(0x31, *sorted(parts))


def num(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def bits(data, unused=0):
    return tlv(3, bytes([unused]), data)


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = bytearray()
    for arc in [first * 40 + second, *rest]:
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        out += bytes(reversed(septets))
    return tlv(6, bytes(out))


NULL = tlv(5)
CN, OU, O, C = "2.5.4.3", "2.5.4.11", "2.5.4.10", "2.5.4.6"
UTF8, PRINTABLE, TELETEX, BMP = 0x0C, 0x13, 0x14, 0x1E


def text(kind, value, tag=UTF8):
    return seq(oid(kind), tlv(tag, value if isinstance(value, bytes) else value.encode()))


def name(*values):
    """A subject of one RDN each; a list is one RDN of several values."""
    rdns = [value if isinstance(value, list) else [value] for value in values]
    return seq(*(set_(*rdn) for rdn in rdns))


def cn(value, tag=UTF8):
    return name(text(O, "Example Org"), text(CN, value, tag))


def extension(kind, value, critical=False):
    return seq(oid(kind), tlv(1, b"\xff") if critical else b"", tlv(4, value))


def dns(value):
    return tlv(0x82, value if isinstance(value, bytes) else value.encode())


def mail(value):
    return tlv(0x81, value.encode())


def uri(value):
    return tlv(0x86, value.encode())


def ip(*octets):
    return tlv(0x87, bytes(octets))


def san(*names):
    return extension("2.5.29.17", seq(*names))


def asks(*extensions):
    """The attribute extensionRequest."""
    return seq(oid("1.2.840.113549.1.9.14"), set_(seq(*extensions)))


SIGNATURE = {
    "ecdsa256": (seq(oid("1.2.840.10045.4.3.2")), hashes.SHA256()),
    "ecdsa384": (seq(oid("1.2.840.10045.4.3.3")), hashes.SHA384()),
    "ecdsa512": (seq(oid("1.2.840.10045.4.3.4")), hashes.SHA512()),
    "ecdsa1": (seq(oid("1.2.840.10045.4.1")), hashes.SHA1()),
    "rsa256": (seq(oid("1.2.840.113549.1.1.11"), NULL), hashes.SHA256()),
    "rsa384": (seq(oid("1.2.840.113549.1.1.12"), NULL), hashes.SHA384()),
    "rsa512": (seq(oid("1.2.840.113549.1.1.13"), NULL), hashes.SHA512()),
    "rsa224": (seq(oid("1.2.840.113549.1.1.14"), NULL), hashes.SHA224()),
    "md5": (seq(oid("1.2.840.113549.1.1.4"), NULL), hashes.MD5()),
    "ed25519": (seq(oid("1.3.101.112")), None),
}


def spki_of(key):
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def ec_spki(curve, point):
    return seq(seq(oid("1.2.840.10045.2.1"), oid(curve)), bits(point))


def rsa_spki(n, e=65537, parameters=NULL):
    return seq(seq(oid("1.2.840.113549.1.1.1"), parameters), bits(seq(num(n), num(e))))


def signature(key, tbs, how):
    digest = SIGNATURE[how][1]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(tbs)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(tbs, padding.PKCS1v15(), digest)
    return key.sign(tbs, ec.ECDSA(digest))


def default_how(key):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    return "rsa256" if isinstance(key, rsa.RSAPrivateKey) else "ecdsa256"


def request(key, subject=None, attributes=(), spki=None, how=None, version=num(0), **other):
    """A request in DER. `other`: signed (instead of the request's own bytes), algorithm, value
    (of the signature), unused (bits of it), after (inside the outer SEQUENCE)."""
    how = how or default_how(key)
    subject = subject or cn("web.prod.example.internal")
    tbs = seq(version, subject, spki or spki_of(key), tlv(0xA0, *attributes))
    value = other.get("value") or signature(key, other.get("signed", tbs), how)
    algorithm = other.get("algorithm") or SIGNATURE[how][0]
    return seq(tbs, algorithm, bits(value, other.get("unused", 0)), other.get("after", b""))


def pem(der, label="CERTIFICATE REQUEST", width=64, end="\n"):
    body = base64.b64encode(der).decode()
    lines = [body[at : at + width] for at in range(0, len(body), width)]
    return end.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()
