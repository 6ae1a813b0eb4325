import type { Disk } from './disk.ts'

/** Files in memory: as durable as the process. */
export class MemoryDisk implements Disk {
  readonly files: Map<string, Buffer> = new Map()

  async list(): Promise<readonly string[]> {
    return [...this.files.keys()]
  }

  async read(name: string, at: number, into: Uint8Array): Promise<number> {
    const part = (this.files.get(name) ?? Buffer.alloc(0)).subarray(at, at + into.length)
    into.set(part)
    return part.length
  }

  async write(name: string, at: number, bytes: Uint8Array): Promise<void> {
    const file = this.files.get(name)
    if (file === undefined) throw new Error(`there is no ${name}`)
    const grown = at + bytes.length > file.length ? Buffer.concat([file], at + bytes.length) : file
    grown.set(bytes, at)
    this.files.set(name, grown)
  }

  async allocate(name: string, bytes: number): Promise<void> {
    this.files.set(name, Buffer.alloc(bytes))
  }

  async create(name: string, content: Uint8Array): Promise<void> {
    if (this.files.has(name)) throw new Error(`there is a ${name} already`)
    this.files.set(name, Buffer.from(content))
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name)
  }

  buffer(bytes: number): Buffer {
    return Buffer.alloc(bytes)
  }

  async close(): Promise<void> {}
}
