#!/usr/bin/env python3
"""recover-shares.py [FILE...]

Prints the sealing secret of a root key from enough of its shares, without
rootward: Python's standard library and this page are all it takes. Reads the
words from files or from standard input, share after share, over any lines.

    python3 recover-shares.py shares.txt |
      openssl pkey -in key.pem -passin stdin -noout -text

A share is bytewords (BCR-2020-012: a byte is a word, the last four are a CRC-32)
of CBOR (tag 40309, a byte string) of SSKR (BCR-2020-011: the set's identifier,
the threshold, the share's number, the value). The value is a point of a
polynomial over GF(256) for each byte of the secret, which is its value at 255;
that at 254 is a digest of the secret. Bare interpolation, for rescue: it takes
no care of side channels.
"""

import fileinput
import hashlib
import hmac
import re
import sys
import zlib

WORDS = """
able acid also apex aqua arch atom aunt away axis back bald barn belt beta bias
blue body brag brew bulb buzz calm cash cats chef city claw code cola cook cost
crux curl cusp cyan dark data days deli dice diet door down draw drop drum dull
duty each easy echo edge epic even exam exit eyes fact fair fern figs film fish
fizz flap flew flux foxy free frog fuel fund gala game gear gems gift girl glow
good gray grim guru gush gyro half hang hard hawk heat help high hill holy hope
horn huts iced idea idle inch inky into iris iron item jade jazz join jolt jowl
judo jugs jump junk jury keep keno kept keys kick kiln king kite kiwi knob lamb
lava lazy leaf legs liar limp lion list logo loud love luau luck lung main many
math maze memo menu meow mild mint miss monk nail navy need news next noon note
numb obey oboe omit onyx open oval owls paid part peck play plus poem pool pose
puff puma purr quad quiz race ramp real redo rich road rock roof ruby ruin runs
rust safe saga scar sets silk skew slot soap solo song stub surf swan taco task
taxi tent tied time tiny toil tomb toys trip tuna twin ugly undo unit urge user
vast very veto vial vibe view visa void vows wall wand warm wasp wave waxy webs
what when whiz wolf work yank yawn yell yoga yurt zaps zero zest zinc zone zoom
""".split()


def times(a, b):
    """The product in GF(256) modulo x^8 + x^4 + x^3 + x + 1."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def inverse(a):
    """a to the 254th power."""
    power = 1
    for _ in range(254):
        power = times(power, a)
    return power


def interpolate(points, x):
    """The value at x of the polynomials through the points {number: bytes}."""
    result = bytearray(len(next(iter(points.values()))))
    for i, value in points.items():
        factor = 1
        for j in points:
            if j != i:
                factor = times(factor, times(x ^ j, inverse(i ^ j)))
        for at, byte in enumerate(value):
            result[at] ^= times(factor, byte)
    return bytes(result)


def read(text):
    """The bytes of all words; numbers and punctuation are skipped."""
    typed = re.findall("[a-z]+", text.lower())
    for at, word in enumerate(typed):
        if word not in WORDS:
            sys.exit(f"error: word {at + 1} of all is not on the list: {word}")
    return bytes(WORDS.index(word) for word in typed)


def split(data):
    """The shares one after the other, each checked by its CRC-32."""
    number = 0
    while data:
        number += 1
        if data[:3] != b"\xd9\x9d\x75":
            sys.exit(f"error: share {number} does not begin with: tuna next keep")
        start, length = (5, data[4]) if data[3] == 0x58 else (4, data[3] & 31)
        end = start + length
        if zlib.crc32(data[:end]) != int.from_bytes(data[end:end + 4], "big"):
            sys.exit(f"error: the checksum of share {number} does not hold")
        yield data[start:end]
        data = data[end + 4:]


def combine(shares):
    """The secret, once its digest is right."""
    if len({share[:4] for share in shares}) != 1 or shares[0][2] != 0:
        sys.exit("error: the shares are not of one set")
    needed = (shares[0][3] & 15) + 1
    points = {share[4] & 15: share[5:] for share in shares}
    if len(points) < needed:
        sys.exit(f"error: {len(points)} different shares, {needed} are needed")
    points = dict(list(points.items())[:needed])
    secret, digest = interpolate(points, 255), interpolate(points, 254)
    if hmac.new(digest[4:], secret, hashlib.sha256).digest()[:4] != digest[:4]:
        sys.exit("error: the shares do not belong together")
    return secret


shares = list(split(read("".join(fileinput.input()))))
if not shares:
    sys.exit("error: no shares")
print(combine(shares).hex())
