import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { demoStateFile, sluice, type DemoState } from '@sluice/cli'
import { freePort, startIdentityProvider } from '@sluice/demo'
import { leftToWhole, openssh, startGateway, startSshd } from '@sluice/test'
import { withCopiers } from './copying.ts'

/**
 * OpenSSH's clients beside `sluice connect`. Where it is seen that tokens and certificates end, they live for four seconds, which
 * is too short for logins on a busy machine.
 */
const tokenLifeSeconds = leftToWhole === false ? 4 : 300
/** Each is renewed when two thirds of it are over: three of the brief ones end in that time, and then some. */
const seconds = 10

const parts = new AsyncDisposableStack()
after(() => parts.disposeAsync())
const sshd = await startSshd()
parts.defer(() => sshd.close())
const provider = await startIdentityProvider({ port: 0, tokenLifeSeconds })
parts.defer(() => provider.close())
const target = { ssh: sshd, user: sshd.user, secret: sshd.key, hostKey: sshd.hostKey }
const gateway = await startGateway({
  provider,
  policies: fileURLToPath(new URL('../policies/ssh-all', import.meta.url)),
  targets: [
    { name: 'host', ...target },
    { name: 'elsewhere', ...target },
  ],
})
parts.defer(() => gateway.close())
const data = await mkdtemp(join(tmpdir(), 'sluice-connect-ssh-'))
parts.defer(() => rm(data, { recursive: true, force: true }))
const state: DemoState = {
  api: `http://127.0.0.1:${gateway.api.port}`,
  listen: { ssh: `127.0.0.1:${gateway.ssh.port}` },
  direct: {},
  identity: {
    token_endpoint: provider.token_endpoint,
    requests: provider.requests,
    login: { issuer: provider.issuer, ...provider.login },
  },
}
await writeFile(demoStateFile(data), JSON.stringify(state), { mode: 0o600 })

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

const main = fileURLToPath(new URL('../../../engine/cli/src/main.ts', import.meta.url))
const node = ['--conditions=source', '--disable-warning=ExperimentalWarning']

/** A script of a shell beside the sidecar of a process of its own. */
async function beside(subject: string, script: string): Promise<Ran> {
  const args = ['connect', 'host', '--as', subject, '--exec', '--', 'sh', '-ec', script]
  const child = spawn(process.execPath, [...node, main, ...args], {
    env: {
      PATH: process.env['PATH'],
      HOME: data,
      SLUICE_DATA: data,
      GIT_CONFIG_GLOBAL: '/dev/null',
      THERE: sshd.home,
      HERE: data,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', errors: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.errors += text))
  const [code] = await once(child, 'close')
  return { code: code as number | null, ...said }
}

interface Opened {
  readonly url: string
  readonly ssh_config: string
}

/** Does something while a sidecar is open in this process. What that said is handed back. */
async function whileOpen(
  args: readonly string[],
  act: (opened: Opened) => Promise<void>,
  ending: AbortController = new AbortController(),
): Promise<string> {
  const opened = Promise.withResolvers<Opened>()
  let said = ''
  const ended = sluice(['connect', 'host', '--as', 'bob', '--json', ...args], {
    env: { SLUICE_DATA: data, XDG_CONFIG_HOME: data },
    signal: ending.signal,
    out: (line) => opened.resolve(JSON.parse(line) as Opened),
    error: (text) => (said += text),
  })
  void ended.then(() => opened.reject(new Error(`it ended: ${said}`)))
  try {
    await act(await opened.promise)
  } finally {
    ending.abort()
    await ended
  }
  return said
}

/** A command of OpenSSH's client with that file alone. */
function ssh(config: string, ...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] }
    const child = execFile('ssh', ['-F', config, ...args], { env }, (_, out, errors) =>
      resolve({ code: child.exitCode, out, errors }),
    )
    child.stdin?.end()
  })
}

suite('sluice connect for SSH', { concurrency: true }, () => {
  test(
    'a command outlives three tokens and certificates, and the next one has the certificate of then',
    { skip: leftToWhole },
    async () => {
      const script = `
      ssh -F "$SLUICE_SSH_CONFIG" host 'for i in $(seq ${seconds}); do echo $i; sleep 1; done'
      ssh -F "$SLUICE_SSH_CONFIG" host 'echo again'`
      const { code, out, errors } = await beside('alice', script)
      const counted = Array.from({ length: seconds }, (_, at) => `${at + 1}\n`).join('')
      assert.deepEqual([code, out, errors], [0, `${counted}again\n`, ''])
      const events = await gateway.events()
      const [first, second, ...more] = events.filter(
        (event) => event.type === 'SessionOpened' && event.data.subject.id === 'demo#alice',
      )
      assert.ok(first !== undefined && second !== undefined && more.length === 0)
      const extended = events.filter(
        (event) => event.type === 'SessionExtended' && event.stream === first.stream,
      )
      assert.ok(extended.length >= 3, `it was carried on ${extended.length} times`)
      const issued = events.filter(
        (event) =>
          event.type === 'AdminActed' &&
          event.data.action === 'ssh.certificate' &&
          event.data.by.id === 'demo#alice',
      )
      assert.ok(issued.length >= 4, `${issued.length} certificates`)
    },
  )

  test('git, scp, sftp and rsync in a program, which has no token; the folder is gone behind it', async () => {
    await withCopiers()
    const script = `
      ssh -F "$SLUICE_SSH_CONFIG" host "git init -q --bare $THERE/repository.git"
      git init -q -b trunk "$HERE/work" && cd "$HERE/work" && echo one > file && git add file
      git -c user.name=x -c user.email=x commit -q -m one
      git push -q "host:$THERE/repository.git" trunk
      git clone -q -b trunk "host:$THERE/repository.git" "$HERE/clone"
      scp -q -F "$SLUICE_SSH_CONFIG" file "host:$THERE/copied"
      echo "get $THERE/copied $HERE/fetched" | sftp -q -b - -F "$SLUICE_SSH_CONFIG" host > /dev/null
      rsync -a "host:$THERE/copied" "$HERE/synced"
      env | grep -c slu_ || true
      echo "$SLUICE_SSH_CONFIG"
      exit 7`
    const { code, out, errors } = await beside('carol', script)
    const [tokens, config = ''] = out.split('\n')
    assert.deepEqual([code, tokens, errors], [7, '0', ''])
    for (const file of ['clone/file', 'fetched', 'synced'])
      assert.equal(await readFile(join(data, file), 'utf8'), 'one\n', file)
    assert.match(config, /^\/.+\/config$/)
    assert.equal(existsSync(dirname(config)), false)
  })

  test('the key is its owner’s, the certificate opens this target alone, and the port lets nobody in', async () => {
    let folder = ''
    const said = await whileOpen([], async ({ url, ssh_config: config }) => {
      folder = dirname(config)
      const mode = async (name: string): Promise<number> => (await stat(join(folder, name))).mode & 0o777
      assert.equal(await mode('.'), 0o700)
      for (const name of await readdir(folder)) assert.equal(await mode(name), 0o600, name)
      const plain = await ssh(config, 'host', 'echo in')
      assert.deepEqual([plain.code, plain.out, plain.errors], [0, 'in\n', ''])
      assert.match((await ssh(config, '-l', 'elsewhere', 'host', 'echo in')).errors, /Permission denied/)
      const { hostname: host, port } = new URL(url)
      const keyless = await openssh({ host, port: Number(port), user: 'host' }, 'echo in')
      assert.match(keyless.stderr, /Permission denied/)
    })
    assert.deepEqual([said, existsSync(folder)], ['', false])
  })

  test('another server in the place of the gateway is not logged in at', async () => {
    await whileOpen(['--gateway', `127.0.0.1:${sshd.port}`], async ({ ssh_config: config }) => {
      const { code, errors } = await ssh(config, 'host', 'echo in')
      assert.equal(code, 255)
      assert.match(errors, /Host key verification failed/)
    })
  })

  test('where no gateway answers the client is told so', async () => {
    const port = await freePort()
    await whileOpen(['--gateway', `127.0.0.1:${port}`], async ({ ssh_config: config }) => {
      const { code, errors } = await ssh(config, 'host', 'echo in')
      assert.equal(code, 255)
      assert.match(errors, /sluice connect: no gateway answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/)
    })
  })

  test('what is open ends with the sidecar, and so does the folder', async () => {
    const ending = new AbortController()
    let cut: Ran | undefined
    let config = ''
    await whileOpen(
      [],
      async (opened) => {
        config = opened.ssh_config
        const running = ssh(config, 'host', `echo on > ${sshd.home}/running; sleep 30`)
        while (!existsSync(join(sshd.home, 'running'))) await new Promise((soon) => setTimeout(soon, 50))
        ending.abort()
        cut = await running
      },
      ending,
    )
    assert.equal(cut?.code, 255)
    assert.equal(existsSync(dirname(config)), false)
  })
})
