"""A mail server for trials: smtpd.py DIR PORT MODE [CERT KEY]

Puts each mail into DIR/N.eml with the envelope above it; DIR/ready is there when it listens. MODE is
plain, starttls or tls; with a certificate it wants the user "rootward" with the password
"correct horse", and repeats what it was given when that is wrong.
"""

import pathlib
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

directory, port, mode = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


class Keep:
    count = 0

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        head = f"HELO {session.host_name}\nUSER {session.auth_data}\n"
        head += f"FROM {envelope.mail_from}\nTO {' '.join(envelope.rcpt_tos)}\n\n"
        part = directory / f"{self.count}.part"
        part.write_bytes(head.encode() + envelope.content)
        part.rename(directory / f"{self.count}.eml")
        return "250 kept"


def check(server, session, envelope, mechanism, data):
    login, password = data.login.decode(), data.password.decode()
    if (login, password) == ("rootward", "correct horse"):
        return AuthResult(success=True, auth_data=login)
    return AuthResult(success=False, handled=False, message=f"535 no {login} with {password}")


options = {}
if mode != "plain":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    options = {"authenticator": check, "auth_required": True}
    if mode == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    else:
        options |= {"ssl_context": context, "auth_require_tls": False}

controller = Controller(Keep(), hostname="127.0.0.1", port=port, **options)
controller.start()
(directory / "ready").touch()
threading.Event().wait()
