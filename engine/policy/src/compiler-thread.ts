import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WASI } from 'node:wasi'
import { brotliDecompressSync } from 'node:zlib'
import { parentPort, workerData } from 'node:worker_threads'
import type { CompilerThread } from './compiler.ts'

/** The exports of `policies/compiler/reactor.go`. */
interface Reactor {
  readonly memory: WebAssembly.Memory
  sluice_alloc(bytes: number): number
  sluice_call(bytes: number): number
  sluice_result(): number
}

/**
 * How often Go collects garbage. It has one thread, so collecting makes its caller wait: letting the little that one
 * call needs pile up halves the time of a call. The limit is for folders that need much.
 */
const garbage = { GOGC: '800', GOMEMLIMIT: '512MiB' }

const { artefact, digest, unpacked } = workerData as CompilerThread
const reactor = await start(await load())

parentPort?.on('message', (request: string) => parentPort?.postMessage(call(request)))

/** Decompressing takes half a second, so the result is kept; a damaged copy is not used. */
async function load(): Promise<Uint8Array> {
  const kept = unpacked === null ? null : await readFile(unpacked).catch(() => null)
  if (kept !== null && sha256(kept) === digest) return kept
  const wasm = brotliDecompressSync(await readFile(new URL(artefact)))
  if (sha256(wasm) !== digest) throw new Error('the policy compiler is damaged')
  if (unpacked !== null) {
    await mkdir(dirname(unpacked), { recursive: true, mode: 0o700 })
    const partial = `${unpacked}.${randomUUID()}`
    await writeFile(partial, wasm)
    await rename(partial, unpacked)
  }
  return wasm
}

/** No folder is opened to it, and no variable of this process passed: it sees nothing but its requests. */
async function start(wasm: Uint8Array): Promise<Reactor> {
  const wasi = new WASI({ version: 'preview1', args: [], env: garbage })
  const instance = await WebAssembly.instantiate(await WebAssembly.compile(wasm), wasi.getImportObject())
  wasi.initialize(instance)
  return instance.exports as unknown as Reactor
}

function call(request: string): string {
  const bytes = Buffer.from(request)
  const at = reactor.sluice_alloc(bytes.length)
  new Uint8Array(reactor.memory.buffer, at, bytes.length).set(bytes)
  const length = reactor.sluice_call(bytes.length)
  // The memory may have grown during the call: its buffer is another one now.
  return Buffer.from(reactor.memory.buffer, reactor.sluice_result(), length).toString()
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
