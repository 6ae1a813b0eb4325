import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { compilerArtefact, compilerDigest } from './index.ts'

/** Builds the compiler from its Go sources, in the pinned toolchain. Equal sources give equal bytes. */
export function buildCompiler(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-compiler-'))
  try {
    const out = join(folder, 'compiler.wasm')
    const script = fileURLToPath(new URL('../compiler/build.sh', import.meta.url))
    execFileSync(script, [out], { stdio: ['ignore', 'ignore', 'inherit'] })
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function pack(wasm: Buffer): Buffer {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length,
  }
  return brotliCompressSync(wasm, { params })
}

if (import.meta.main) {
  const wasm = buildCompiler()
  writeFileSync(compilerArtefact, pack(wasm))
  writeFileSync(compilerDigest, `${sha256(wasm)}\n`)
}
