"""Commands and files through paramiko and asyncssh. Prints one JSON line for each case."""

import asyncio
import json
import os
import sys
import tempfile
import uuid

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
    with client.open_sftp() as files:
        yield "paramiko files", files_of_paramiko(files)
    client.close()


def files_of_paramiko(files):
    """What is written, read at any offset, listed, renamed and removed, and how a file that is not there is told."""
    folder = f"{tempfile.gettempdir()}/sluice-{uuid.uuid4()}"
    data = bytes(range(256)) * 4000
    files.mkdir(folder)
    with files.open(f"{folder}/a", "wb") as file:
        file.set_pipelined(True)
        file.write(data)
    with files.open(f"{folder}/a") as file:
        file.prefetch()
        same = file.read() == data
        file.seek(1000)
        piece = file.read(5).hex()
    files.chmod(f"{folder}/a", 0o600)
    files.posix_rename(f"{folder}/a", f"{folder}/b")
    names = files.listdir(folder)
    size = files.stat(f"{folder}/b").st_size
    files.remove(f"{folder}/b")
    files.rmdir(folder)
    try:
        files.stat(folder)
        missing = "no"
    except FileNotFoundError:
        missing = "yes"
    return {"same": same, "piece": piece, "names": names, "size": size, "missing": missing}


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
        async with connection.start_sftp_client() as files:
            yield "asyncssh files", await files_of_asyncssh(files)


async def files_of_asyncssh(files):
    folder = f"{tempfile.gettempdir()}/sluice-{uuid.uuid4()}"
    data = bytes(range(256)) * 4000
    await files.mkdir(folder)
    async with files.open(f"{folder}/a", "wb") as file:
        await file.write(data)
    async with files.open(f"{folder}/a", "rb") as file:
        same = await file.read() == data
        await file.seek(1000)
        piece = (await file.read(5)).hex()
    names = sorted(await files.listdir(folder))
    await files.rmtree(folder)
    return {"same": same, "piece": piece, "names": names, "missing": not await files.exists(folder)}


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
