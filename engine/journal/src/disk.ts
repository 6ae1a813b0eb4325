/**
 * The files of one log, as far as the journal needs them. Everything that changes a file is durable once it
 * resolves, names included: this is where a test pulls the plug.
 */
export interface Disk {
  list(): Promise<readonly string[]>
  /** Fills as much of `into` as the file has from `at`; the count. Zero at its end, and when there is no file. */
  read(name: string, at: number, into: Uint8Array): Promise<number>
  /** Overwrites in place. When it rejects nothing is known of those bytes: write the same ones again. */
  write(name: string, at: number, bytes: Uint8Array): Promise<void>
  /**
   * A file of zeros, over one of that name. With its room `taken` small writes to it are fast and cannot meet a full
   * disk; `promised` spares the writing of the zeros.
   */
  allocate(name: string, bytes: number, room: 'taken' | 'promised'): Promise<void>
  /** A new small file with its content, all or nothing. Rejects when there is one of that name. */
  create(name: string, content: Uint8Array): Promise<void>
  /** Takes a file away; well when there is none. */
  remove(name: string): Promise<void>
  /** Memory that `write` takes without a copy. */
  buffer(bytes: number): Buffer
  close(): Promise<void>
}

/** The whole of a small file, `null` when it is missing. */
export async function readWhole(
  disk: Pick<Disk, 'read'>,
  name: string,
  bytesMax: number,
): Promise<Buffer | null> {
  const content = Buffer.alloc(bytesMax)
  const bytes = await disk.read(name, 0, content)
  return bytes === 0 ? null : content.subarray(0, bytes)
}
