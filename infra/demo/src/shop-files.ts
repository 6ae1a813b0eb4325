export interface FileStat {
  readonly folder: boolean
  readonly size: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970. */
  readonly atime: number
  readonly mtime: number
}

/** The files of the sample host, in memory: each start begins with the same. A path is absolute and has one form. */
export class ShopFiles {
  readonly #files = new Map<string, Buffer>()
  readonly #changed = new Date('2026-01-01T08:00:00Z')

  constructor(files: Readonly<Record<string, string>>) {
    for (const [path, content] of Object.entries(files)) this.#files.set(path, Buffer.from(content))
  }

  read(path: string): Buffer | undefined {
    return this.#files.get(path)
  }

  write(path: string, content: Buffer): void {
    this.#files.set(path, content)
  }

  remove(path: string): boolean {
    return this.#files.delete(path)
  }

  /** Names in a folder; `undefined` where there is none. */
  list(path: string): readonly string[] | undefined {
    const folder = path === '/' ? '/' : `${path}/`
    const below = [...this.#files.keys()].filter((file) => file.startsWith(folder))
    if (below.length === 0) return undefined
    return [...new Set(below.map((file) => file.slice(folder.length).split('/')[0] ?? ''))].toSorted()
  }

  /** A line as `ls -l` has it, and what SFTP tells of it. */
  stat(path: string): FileStat | undefined {
    const content = this.#files.get(path)
    if (content === undefined && this.list(path) === undefined) return undefined
    const folder = content === undefined
    const seconds = this.#changed.getTime() / 1000
    return {
      folder,
      size: content?.length ?? 4096,
      mode: folder ? 0o040755 : 0o100644,
      uid: 1000,
      gid: 1000,
      atime: seconds,
      mtime: seconds,
    }
  }

  line(path: string, name: string): string {
    const stat = this.stat(path)
    const mode = stat?.folder === true ? 'drwxr-xr-x' : '-rw-r--r--'
    return `${mode} 1 shop shop ${String(stat?.size ?? 0).padStart(8)} Jan  1 08:00 ${name}`
  }
}

export const home = '/home/shop'

/** As seen from the home folder. */
export function absolute(path: string): string {
  const parts: string[] = []
  for (const part of `${path.startsWith('/') ? '' : home}/${path}`.split('/'))
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  return `/${parts.join('/')}`
}

const customers = [
  ['Ann Archer', 'ann.archer@example.com', '536-22-8726', '4111 1111 1111 1111'],
  ['Ben Baker', 'ben.baker@example.com', '219-09-9999', '5500 0000 0000 0004'],
  ['Cleo Carter', 'cleo.carter@example.com', '457-55-5462', '3400 0000 0000 009'],
] as const

/** A small shop: a log and a table with personal data, a configuration, and what nobody may read. */
export const shopFiles: Readonly<Record<string, string>> = {
  [`${home}/README.txt`]: 'The host of the shop. Exports are in /srv/shop, logs in /var/log/shop.\n',
  [`${home}/.ssh/id_ed25519`]: 'This stands for a private key. The starter policies let nobody read it.\n',
  '/srv/shop/customers.csv': `id,name,email,ssn,card\n${customers.map((row, at) => `${at + 1},${row.join(',')}\n`).join('')}`,
  '/srv/shop/orders.csv': 'id,customer_id,total\n1,1,19.90\n2,1,5.00\n3,2,120.00\n',
  '/srv/shop/old.csv': 'id\n1\n',
  '/var/log/shop/app.log': customers
    .map(
      ([name, email, , card], at) =>
        `2026-01-01T08:0${at}:00Z INFO  order ${at + 1} of ${name} <${email}> paid with ${card}\n2026-01-01T08:0${at}:30Z WARN  slow query, ${120 + at} ms\n`,
    )
    .join(''),
  '/etc/hostname': 'shop-host\n',
}
