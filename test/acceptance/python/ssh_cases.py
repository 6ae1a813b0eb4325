"""Commands through paramiko and asyncssh. Prints one JSON line for each case."""

import asyncio
import json
import os
import sys

import asyncssh
import paramiko

HOST = os.environ["SSH_HOST"]
PORT = int(os.environ["SSH_PORT"])
USER = os.environ["SSH_USER"]
PASSWORD = os.environ.get("SSH_PASSWORD")
KEY = os.environ.get("SSH_KEY")
COMMANDS = [
    ("words", "echo hello; echo oops >&2; exit 7", b""),
    ("input", "sha256sum", b"x" * 3_000_000),
    ("output", "head -c 3000000 /dev/zero | tr '\\0' y", b""),
    ("signal", "kill -TERM $$", b""),
]


def by_paramiko():
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(
        HOST, PORT, USER, password=PASSWORD, key_filename=KEY, allow_agent=False, look_for_keys=False
    )
    for name, command, data in COMMANDS:
        stdin, stdout, stderr = client.exec_command(command)
        stdin.write(data)
        stdin.channel.shutdown_write()
        out, err = stdout.read(), stderr.read()
        yield f"paramiko {name}", seen(out, err, stdout.channel.recv_exit_status())
    channels = [client.exec_command(f"sleep 0.2; echo {number}")[1] for number in range(8)]
    yield "paramiko at once", {"out": [channel.read().decode() for channel in channels]}
    terminal = client.get_transport().open_session()
    terminal.get_pty(width=120, height=40)
    terminal.exec_command("stty size")
    yield "paramiko terminal", {"out": terminal.makefile().read().decode()}
    client.close()


async def by_asyncssh():
    keys = [KEY] if KEY else None
    async with asyncssh.connect(
        HOST, PORT, username=USER, password=PASSWORD, client_keys=keys, known_hosts=None, config=None, agent_path=None
    ) as connection:
        for name, command, data in COMMANDS:
            result = await connection.run(command, input=data, encoding=None)
            yield f"asyncssh {name}", seen(result.stdout, result.stderr, result.exit_status, result.exit_signal)
        results = await asyncio.gather(
            *(connection.run(f"sleep 0.2; echo {number}") for number in range(8))
        )
        yield "asyncssh at once", {"out": [result.stdout for result in results]}


def seen(out, err, status, signal=None):
    shown = out.decode() if len(out) < 200 else f"{len(out)} bytes, {set(out)}"
    return {"out": shown, "err": err.decode(), "status": status, "signal": signal and list(signal)[:2]}


async def main():
    for name, what in by_paramiko():
        print(json.dumps({"case": name, **what}))
    async for name, what in by_asyncssh():
        print(json.dumps({"case": name, **what}))


asyncio.run(main())
sys.stdout.flush()
