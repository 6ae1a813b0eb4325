import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Distribution } from './distribution.ts'
import { javaOptions, scramArguments, type PlacedListener, type SecuredListener } from './secured.ts'
import { initialControllers, serverProperties, type NodePlace } from './server-properties.ts'

export interface ClusterOptions {
  readonly distribution: Distribution
  /** Outlives the cluster: the next one with this folder goes on with its data, at the same ports. */
  readonly folder: string
  readonly nodes: number
  /** Of the first node; the others follow. 0: free ones. */
  readonly port: number
  /** For tests: starts sooner, and is slower under load. */
  readonly quick?: boolean
  /** What a cluster of one node has beside its plain listener, at free ports. */
  readonly secured?: readonly SecuredListener[]
}

interface Identity {
  readonly cluster: string
  readonly nodes: readonly NodePlace[]
  /** By name. */
  readonly securedPorts: Readonly<Record<string, number>>
}

const readyMs = 120_000
const stopMs = 30_000
const heapMb = { single: 512, many: 384 } as const

/** A real Apache Kafka on loopback. Its nodes end with this process, however that ends. */
export class KafkaCluster {
  readonly #options: ClusterOptions
  readonly #identity: Identity
  readonly #running = new Map<number, ChildProcess>()

  private constructor(options: ClusterOptions, identity: Identity) {
    this.#options = options
    this.#identity = identity
  }

  static async start(options: ClusterOptions): Promise<KafkaCluster> {
    await mkdir(options.folder, { recursive: true })
    const cluster = new KafkaCluster(options, await identityOf(options))
    try {
      await Promise.all(cluster.#identity.nodes.map(({ id }) => cluster.startNode(id)))
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  get brokers(): readonly string[] {
    return this.#identity.nodes.map(({ port }) => `127.0.0.1:${port}`)
  }

  /** Of the secured listener with that name. */
  securedBrokers(name: string): readonly string[] {
    return this.#secured.filter((listener) => listener.name === name).map(({ port }) => `127.0.0.1:${port}`)
  }

  /** `id` from 1. Resolves once it serves. Nothing to do for one that runs. */
  async startNode(id: number): Promise<void> {
    if (this.#running.has(id)) return
    const folder = join(this.#options.folder, `${id}`)
    await this.#format(id, folder)
    const log = join(folder, 'server.log')
    await writeFile(log, '')
    const child = this.#java(id, ['kafka.Kafka', join(folder, 'server.properties')], log)
    this.#running.set(id, child)
    child.once('exit', () => this.#running.delete(id))
    await this.#ready(id, child, log)
  }

  /** `kill`: as a crash. */
  async stopNode(id: number, how: 'term' | 'kill'): Promise<void> {
    const child = this.#running.get(id)
    if (child?.pid === undefined) return
    const gone = once(child, 'exit')
    signal(child, how === 'kill' ? 'SIGKILL' : 'SIGTERM')
    const late = setTimeout(() => signal(child, 'SIGKILL'), stopMs)
    await gone
    clearTimeout(late)
  }

  /** As a machine that hangs. */
  pauseNode(id: number): void {
    signal(this.#running.get(id), 'SIGSTOP')
  }

  resumeNode(id: number): void {
    signal(this.#running.get(id), 'SIGCONT')
  }

  async close(how: 'term' | 'kill' = 'kill'): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.stopNode(id, how)))
  }

  get #secured(): readonly PlacedListener[] {
    const { securedPorts } = this.#identity
    return (this.#options.secured ?? []).map((each) => ({ ...each, port: securedPorts[each.name] ?? 0 }))
  }

  async #format(id: number, folder: string): Promise<void> {
    const { cluster, nodes } = this.#identity
    const node = nodes.find((each) => each.id === id)
    if (node === undefined) throw new Error(`there is no node ${id}`)
    await mkdir(folder, { recursive: true })
    const properties = join(folder, 'server.properties')
    await writeFile(properties, await serverProperties(node, nodes, this.#secured, folder))
    if (await exists(join(folder, 'log', 'meta.properties'))) return
    const how = nodes.length === 1 ? ['--standalone'] : ['--initial-controllers', initialControllers(nodes)]
    const log = join(folder, 'format.log')
    const child = this.#java(
      id,
      [
        'kafka.tools.StorageTool',
        'format',
        '-t',
        cluster,
        '-c',
        properties,
        ...how,
        ...scramArguments(this.#secured),
      ],
      log,
    )
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`node ${id} could not be formatted: ${await lastLine(log)}`)
  }

  /** A shell holds it by a pipe from here: when this process is gone, so is the node. */
  #java(id: number, args: readonly string[], log: string): ChildProcess {
    const { distribution, nodes, quick } = this.#options
    const heap = nodes === 1 ? heapMb.single : heapMb.many
    const java = [
      'java',
      '-Xms64m',
      `-Xmx${heap}m`,
      '-XX:+UseSerialGC',
      ...(quick === true ? ['-XX:TieredStopAtLevel=1'] : []),
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      ...javaOptions(this.#secured),
      '-cp',
      `${distribution.jars}/*`,
      ...args,
    ]
    const child = spawn('sh', ['-c', guard, `kafka-${id}`, ...java], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    const file = createWriteStream(log, { flags: 'a' })
    child.stdout.pipe(file, { end: false })
    child.stderr.pipe(file, { end: false })
    child.stdin.on('error', () => {})
    return child
  }

  async #ready(id: number, child: ChildProcess, log: string): Promise<void> {
    const until = performance.now() + readyMs
    while (!(await readFile(log, 'utf8')).includes('Kafka Server started')) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`Kafka node ${id} ended while it started: ${await lastLine(log)}`)
      if (performance.now() > until)
        throw new Error(`Kafka node ${id} was not ready after ${readyMs / 1_000} s: see ${log}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** Ends with the node, and ends the node when its own input ends. */
const guard =
  'exec 3<&0; "$@" </dev/null & node=$!; (cat <&3 >/dev/null; kill -9 $node) & watch=$!; ' +
  'wait $node; code=$?; kill $watch; exit $code'

/** To the shell and the node at once: they are a process group of their own. */
function signal(child: ChildProcess | undefined, name: NodeJS.Signals): void {
  if (child?.pid === undefined) return
  try {
    process.kill(-child.pid, name)
  } catch {
    // It ended by itself.
  }
}

async function identityOf({ folder, nodes, port, secured = [] }: ClusterOptions): Promise<Identity> {
  const file = join(folder, 'cluster.json')
  if (await exists(file)) {
    const known = JSON.parse(await readFile(file, 'utf8')) as Identity
    if (known.nodes.length === nodes) return known
    throw new Error(
      `${folder} holds a cluster of ${known.nodes.length} nodes: choose another folder, or that many`,
    )
  }
  const ports =
    port === 0 ? await freePorts(2 * nodes) : Array.from({ length: 2 * nodes }, (_, at) => port + at)
  const securedPorts = await freePorts(secured.length)
  const identity = {
    cluster: uuid(),
    securedPorts: Object.fromEntries(secured.map(({ name }, at) => [name, securedPorts[at] ?? 0])),
    nodes: Array.from({ length: nodes }, (_, at) => ({
      id: at + 1,
      port: ports[2 * at] ?? 0,
      controllerPort: ports[2 * at + 1] ?? 0,
      directoryId: uuid(),
    })),
  }
  await writeFile(file, JSON.stringify(identity))
  return identity
}

/** Kafka's tools read one that begins with a hyphen as an option. */
function uuid(): string {
  const text = randomBytes(16).toString('base64url')
  return text.startsWith('-') ? uuid() : text
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

async function lastLine(file: string): Promise<string> {
  const chunks: string[] = []
  for await (const chunk of createReadStream(file, 'utf8')) chunks.push(String(chunk))
  const lines = chunks.join('').trim().split('\n')
  return lines.findLast((line) => /ERROR|Exception/.test(line)) ?? lines.at(-1) ?? ''
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
