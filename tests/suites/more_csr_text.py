"""The part of more_csr.py about names, structure and files."""
from csr_der import *  # noqa: F403
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat)

DOMAIN = "prod.example.internal"


def make(case, group):
    def key():
        return ec.generate_private_key(ec.SECP256R1())

    def plain():
        return request(key())

    # --- alternative names ---------------------------------------------------
    def named(names):
        return request(key(), None, [asks(san(*(names if isinstance(names, tuple) else (names,))))])

    group("san", "accept", named, dns=dns(f"web.{DOMAIN}"), apex=dns(DOMAIN), deep=dns(f"a.b.c.{DOMAIN}"),
          wildcard=dns(f"*.{DOMAIN}"), ip=ip(10, 1, 2, 3), mail=mail(f"ops@{DOMAIN}"),
          spiffe=uri(f"spiffe://{DOMAIN}/app/x"), https=uri(f"https://web.{DOMAIN}:8443/x?y#z"),
          many=tuple(dns(f"h{n}.{DOMAIN}") for n in range(100)), a_label=dns(f"xn--bcher-kva.{DOMAIN}"))
    group("san", "either", named, uppercase=dns(f"WEB.{DOMAIN.upper()}"), underscore=dns(f"_sip._tcp.{DOMAIN}"),
          none=(), urn=uri("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"))
    group("san", "reject", named, outside=dns("www.evil.example"), test=dns("web.test.example.internal"),
          suffix=dns(f"evil{DOMAIN}"), prefix=dns(f"{DOMAIN}.evil.example"), parent=dns("example.internal"),
          parent_wildcard=dns("*.example.internal"), leading_dot=dns(f".{DOMAIN}"), empty=dns(""),
          nul=dns(f"evil.example\0.{DOMAIN}"), nul_after=dns(f"web.{DOMAIN}\0.evil.example"),
          u_label=dns(f"bücher.{DOMAIN}"), latin1=dns(b"b\xfccher." + DOMAIN.encode()), newline=dns(f"web.{DOMAIN}\nevil.example"),
          wildcard_part=dns(f"w*.{DOMAIN}"), wildcard_twice=dns(f"*.*.{DOMAIN}"), wildcard_out=dns("*.evil.example"),
          port=dns(f"web.{DOMAIN}:443"), url=dns(f"https://web.{DOMAIN}/"), hyphen=dns(f"-web.{DOMAIN}"),
          too_long=dns(".".join(["a" * 60] * 5) + f".{DOMAIN}"), localhost=dns("localhost"), esc=dns(f"\x1b[31mweb.{DOMAIN}"),
          ip_test=ip(192, 168, 1, 1), ip_out=ip(8, 8, 8, 8), ip_v6=ip(*bytes(15), 1), ip_none=ip(), ip_17=ip(*bytes(17)),
          ip_mask=ip(10, 0, 0, 0, 255, 0, 0, 0), mail_host=mail("evil.example"), mail_two=mail(f"a@evil.example@{DOMAIN}"),
          mail_space=mail(f"a b@{DOMAIN}"), userinfo=uri(f"https://{DOMAIN}@evil.example/"), user=uri(f"https://u:p@{DOMAIN}/"),
          fragment=uri(f"https://evil.example#{DOMAIN}"), other_trust=uri("spiffe://test.example.internal/app/x"),
          no_host=uri("spiffe:///app/x"), escaped=uri("https://%70rod.example.internal/"), backslash=uri(f"https://evil.example\\@{DOMAIN}/"),
          script=uri("javascript:alert(1)"), directory=tlv(0xA4, cn(f"web.{DOMAIN}")), registered=tlv(0x88, b"\x2a\x03"),
          x400=tlv(0xA3, b""), unknown=tlv(0x99, b"x"), inside_and_out=(dns(f"web.{DOMAIN}"), ip(10, 0, 0, 1), dns("evil.example")))
    twice = san(dns(f"web.{DOMAIN}"))
    case("san", "reject", "san-extension-twice", request(key(), None, [asks(twice, twice)]))
    case("san", "reject", "san-garbage", request(key(), None, [asks(extension("2.5.29.17", b"\x01\x02\x03"))]))

    # --- subjects --------------------------------------------------------------
    def subject(value):
        """A list holds a whole subject, all else is a common name."""
        return request(key(), value[0] if isinstance(value, list) else cn(value))

    group("dn", "reject", subject, newline="prod\nvault", cr="prod\rvault", nul="prod\0vault", bell="prod\a", delete="prod\x7f",
          c1="prod\x9b31m", override="prod\u202evault", mark="prod\u200fvault", zero_width="pr\u200bod", joiner="pr\u200dod",
          bom="\ufeffprod", tags="prod\U000e0041\U000e0042", separator="prod\u2028vault", soft_hyphen="pro\u00add", overlong=b"prod\xc0\xaf",
          cut=b"prod\xe2\x82", latin1=b"Malm\xf6", beyond=b"prod\xf4\x90\x80\x80", empty="", space=" ", spaced=" prod ", chars_65="a" * 65,
          up="../prod", up_windows="..\\prod", absolute="/etc/passwd", two=[name(text(CN, "a"), text(CN, "b"))],
          two_one_rdn=[name([text(CN, "a"), text(CN, "b")])], none=[name(text(O, "Example Org"))], empty_rdn=[seq(set_(), set_(text(CN, "prod")))],
          not_text=[name(seq(oid(CN), num(7)))], root=[name(text(O, "Example Home"), text(CN, "Example Home Root"))])
    group("dn", "either", subject, bmp=[name(text(CN, "prod".encode("utf-16-be"), BMP))], teletex=[name(text(CN, b"prod", TELETEX))],
          universal=[name(text(CN, "prod".encode("utf-32-be"), 0x1C))], ia5=[name(text(CN, "prod", 0x16))], visible=[name(text(CN, "prod", 0x1A))],
          rdns_300=[name(*(text(OU, f"u{n}") for n in range(300)), text(CN, "prod"))], quote="a\"b'c;d|e&f", percent="%s%n%x", braces="{name} {{.}}",
          homoglyph="рrod", combining="e\u0301" * 8, rtl="שלום", emoji="🔐 prod", dash="--csr", dot=".", con="con.txt")
    group("dn", "accept", subject, printable=[name(text(CN, "prod vault", PRINTABLE))], angstrom="Ångström", cjk="本番 認証局", slash="prod/vault",
          mail=[name(text("1.2.840.113549.1.9.1", "ops@example.org", 0x16), text(CN, "prod vault"))], serial=[name(text("2.5.4.5", "CA-7", PRINTABLE), text(CN, "prod vault"))])

    # --- structure ---------------------------------------------------------------
    k = key()
    good = request(k)
    body = good[4:]
    group("st", "reject", lambda der: pem(der), indefinite=b"\x30\x80" + body + b"\0\0", length_not_minimal=b"\x30\x83\0" + good[2:4] + body,
          tag=b"\x31" + good[1:], zeros=bytes(64), ones=b"\x30" + b"\xff" * 200, no_signature=seq(body[: len(body) - 90]), integer=num(5))
    for version in (1, 2, 3, 128, -2):
        case("st", "reject", f"st-version-{version}", request(key(), version=num(version)))
    case("st", "reject", "st-version-long-form", request(key(), version=b"\x02\x02\0\0"))
    case("st", "reject", "st-no-version", request(key(), version=b""))
    case("st", "reject", "st-fourth", request(key(), after=NULL))
    case("st", "reject", "st-two-subjects", request(key(), cn("a") + cn("b")))
    case("st", "reject", "st-indefinite-inside", request(key(), b"\x30\x80" + cn("prod")[2:] + b"\0\0"))
    case("st", "reject", "st-constructed-string", request(key(), name(seq(oid(CN), tlv(0x2C, tlv(UTF8, b"prod"))))))
    case("st", "reject", "st-oid-padded", request(key(), name(seq(b"\x06\x04\x55\x04\x80\x03", tlv(UTF8, b"prod")))))
    case("st", "either", "st-attributes-unsorted", request(key(), None, [
        seq(oid("1.2.3.9"), set_(NULL)), seq(oid("1.2.3.1"), set_(NULL))]))
    case("st", "either", "st-rdn-unsorted", request(key(), seq(tlv(0x31, text(OU, "Infrastructure"), text(OU, "Operations")), set_(text(CN, "prod")))))
    case("st", "reject", "st-two-challenges", request(key(), None, [seq(oid("1.2.840.113549.1.9.7"), set_(tlv(UTF8, b"a"), tlv(UTF8, b"b")))]))

    # --- files -------------------------------------------------------------------
    sec1 = k.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    pkcs8 = k.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    sealed = k.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2"))
    text_ = pem(good)
    lines = text_.decode().splitlines()
    in_lines = "\n".join
    group("pem", "reject", lambda data: b"\n" * 0 + data, sec1_before=sec1 + text_, sec1_after=text_ + sec1, pkcs8_after=text_ + pkcs8,
          sealed_after=text_ + sealed, sealed_before=sealed + text_, sec1_crlf=(sec1 + text_).replace(b"\n", b"\r\n"), two=text_ + pem(plain()),
          end_label=text_.replace(b"END CERTIFICATE REQUEST", b"END CERTIFICATE"), end_missing=in_lines(lines[:-1]).encode(),
          four_dashes=text_.replace(b"-----BEGIN", b"----BEGIN"), end_dashes=text_.replace(b"REQUEST-----\n", b"REQUEST----\n"),
          lower=text_.replace(b"BEGIN CERTIFICATE REQUEST", b"begin certificate request"), nul=text_.replace(b"M", b"M\0", 1),
          url_alphabet=text_[:60] + b"-_" + text_[62:], padding=text_.replace(b"\n-----END", b"====\n-----END"),
          certificate_label=pem(good, "CERTIFICATE"), public_key=pem(spki_of(k), "PUBLIC KEY"), pkcs7=pem(good, "PKCS7"),
          key_as_request=pem(k.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())), line_1mb=pem(good)[:40] + b"A" * (1 << 20),
          one_dash=b"-", words=b"hello\n", only_begin=b"-----BEGIN CERTIFICATE REQUEST-----\n", esc=b"\x1b[31m\x1b]0;x\x07\n", blank=b"\n\n\n", high=b"\xff" * 100,
          esc_label=b"-----BEGIN \x1b[31mX\xe2\x80\xae-----\nAAAA\n-----END X-----\n", comment_inside=in_lines([*lines[:2], "# comment", *lines[2:], ""]).encode())
    group("pem", "either", lambda data: data, headers=in_lines([lines[0], "Proc-Type: 4,CLEAR", "", *lines[1:], ""]).encode(),
          utf16_be=b"\xfe\xff" + text_.decode().encode("utf-16-be"), spaces=in_lines([lines[0], *(" " + line for line in lines[1:-1]), lines[-1], ""]).encode(),
          space_inside=text_[:50] + b" " + text_[50:], trailing_spaces=text_.replace(b"\n", b"  \n"), blank_inside=text_.replace(b"\n", b"\n\n"), dos_end=text_ + b"\x1a",
          width_76=pem(good, width=76), width_1=pem(good, width=1), form_feed=b"\x0c" + text_, text_mode_der=good + b"\n", indented=in_lines("  " + line for line in lines).encode())
    group("pem", "accept", lambda data: data, cr_lf=text_.replace(b"\n", b"\r\n"), long_preamble=b"Certificate Request: about it\n" * 900 + text_, blank_before=b"\n\n" + text_)
    fresh = ed25519.Ed25519PrivateKey.generate()
    case("pem", "accept", "pem-new-label", pem(request(fresh), "NEW CERTIFICATE REQUEST"))
