const exportSection = 7
const codeSection = 10
const unreachable = 0x00
const nop = 0x01
const end = 0x0b

/** A WebAssembly module like this one, in which an exported function only traps. */
export function trapping(wasm: Uint8Array, name: string): Uint8Array {
  const changed = Uint8Array.from(wasm)
  const imported = countImports(wasm)
  const body = bodyOf(wasm, functionNamed(wasm, name) - imported)
  changed.fill(nop, body.from, body.to)
  changed[body.from] = 0
  changed[body.from + 1] = unreachable
  changed[body.to - 1] = end
  return changed
}

/** Reads the numbers, names and sections that a module consists of. */
class Reader {
  readonly #bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0
  }

  number(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  name(): string {
    const length = this.number()
    this.at += length
    return new TextDecoder().decode(this.#bytes.subarray(this.at - length, this.at))
  }
}

function section(wasm: Uint8Array, id: number): Reader {
  const reader = new Reader(wasm, 8)
  while (reader.at < wasm.length) {
    const found = reader.byte()
    const size = reader.number()
    if (found === id) return reader
    reader.at += size
  }
  throw new Error(`the module has no section ${id}`)
}

function countImports(wasm: Uint8Array): number {
  const reader = section(wasm, 2)
  let functions = 0
  for (let left = reader.number(); left > 0; left--) {
    reader.name()
    reader.name()
    const kind = reader.byte()
    if (kind === 0) {
      functions++
      reader.number()
    } else if (kind === 2) {
      const bounded = reader.number() === 1
      reader.number()
      if (bounded) reader.number()
    } else throw new Error('an import that no compiled policy has')
  }
  return functions
}

function functionNamed(wasm: Uint8Array, name: string): number {
  const reader = section(wasm, exportSection)
  for (let left = reader.number(); left > 0; left--) {
    const found = reader.name()
    const kind = reader.byte()
    const index = reader.number()
    if (kind === 0 && found === name) return index
  }
  throw new Error(`the module exports no function ${name}`)
}

function bodyOf(wasm: Uint8Array, index: number): { readonly from: number; readonly to: number } {
  const reader = section(wasm, codeSection)
  reader.number()
  for (let left = index; left > 0; left--) {
    const size = reader.number()
    reader.at += size
  }
  const size = reader.number()
  return { from: reader.at, to: reader.at + size }
}
