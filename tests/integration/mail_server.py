"""A mail server (aiosmtpd) that says, as JSON lines, its port and then each message that it took.

    /usr/bin/python3 mail_server.py '{"tls": "starttls", "certificate": …, "key": …,
                                      "user": …, "password": …, "utf8": true}'

`tls`: "none", "starttls" (required) or "implicit". What it does depends on the recipient's name:
busy@ and gone@ are 450 and 550 at once; later@ and never@ are 451 and 554 after the message;
lost@ takes the message and closes, cut@ closes instead of asking for it; hang@ takes it and says
nothing more; silent@ is accepted, and QUIT gets no answer.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

AT_ONCE = {"busy": "450 4.2.0 mailbox busy", "gone": "550 5.1.1 no such user"}
AFTERWARDS = {"later": "451 4.3.0 try later", "never": "554 5.6.0 not this message"}


def name_of(address):
    return address.partition("@")[0]


def say(line):
    print(json.dumps(line), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name = name_of(address)
        if name == "cut":
            server.transport.abort()
        if name in AT_ONCE:
            return AT_ONCE[name]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = name_of(envelope.rcpt_tos[0])
        say({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "options": envelope.mail_options,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data,
            "content": envelope.original_content.decode("utf-8"),
        })  # fmt: skip
        if name == "lost":
            server.transport.abort()
        if name == "hang":
            await asyncio.Event().wait()
        session.silent = name == "silent"
        return AFTERWARDS.get(name, "250 2.0.0 OK: queued")

    async def handle_QUIT(self, server, session, envelope):
        if getattr(session, "silent", False):
            await asyncio.Event().wait()
        return "221 Bye"


def authenticator(wanted):
    def check(server, session, envelope, mechanism, data):
        login, password = data.login.decode(), data.password.decode()
        return AuthResult(success=(login, password) == wanted, auth_data=login)

    return check


async def serve(options):
    context = None
    if options["tls"] != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["certificate"], options["key"])
    starttls = options["tls"] == "starttls"
    user = options.get("user")

    def protocol():
        return SMTP(
            Handler(),
            enable_SMTPUTF8=options.get("utf8", True),
            tls_context=context if starttls else None,
            require_starttls=starttls,
            authenticator=authenticator((user, options.get("password"))) if user else None,
            auth_required=bool(user),
            auth_require_tls=starttls,
            hostname="localhost",
        )

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=None if starttls else context
    )
    say({"port": server.sockets[0].getsockname()[1]})
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
