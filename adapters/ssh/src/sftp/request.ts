import type { Action } from '@sluice/core'
import { canonicalPath, climbs, isThroughDescriptor, type NamedPath } from '../shell/path.ts'
import { BadField, text, u32 } from '../wire.ts'
import { RequestFields, type AttributeName } from './fields.ts'
import { types, type Packet, type Status } from './packet.ts'

/** What a packet of a caller asks for. */
export type Request =
  /** Judged by itself; `fields` go to the target. */
  | {
      readonly kind: 'operation'
      readonly id: number
      readonly action: Operation
      readonly type: number
      readonly fields: Buffer
    }
  /** Judged, and then everything that is done with the handle belongs to it. */
  | {
      readonly kind: 'open'
      readonly id: number
      readonly action: Operation
      readonly type: number
      readonly fields: Buffer
    }
  /** With an open handle. `fields` are what follows the handle. */
  | {
      readonly kind: 'handle'
      readonly id: number
      readonly handle: string
      readonly use: Use
      readonly type: number
      readonly fields: Buffer
      readonly extension: string | null
    }
  /** Answered here. */
  | { readonly kind: 'refused'; readonly id: number; readonly status: Status; readonly message: string }

export type Use = 'close' | 'read' | 'write' | 'fstat' | 'fsetstat' | 'readdir' | 'fsync' | 'fstatvfs'

/** The protocol's part of an action; the login is not known here. */
export type Operation = Action & {
  readonly paths: readonly (NamedPath & { readonly [key: string]: string | boolean })[]
}

/** The closed list of what a packet can ask for. */
export const operations: readonly string[] = [
  'sftp.open_read',
  'sftp.open_write',
  'sftp.list',
  'sftp.stat',
  'sftp.realpath',
  'sftp.readlink',
  'sftp.setstat',
  'sftp.remove',
  'sftp.rename',
  'sftp.mkdir',
  'sftp.rmdir',
  'sftp.symlink',
  'sftp.hardlink',
]

/** Extensions that are understood: the others are not offered, and not supported. */
export const extensions: ReadonlyMap<string, string> = new Map([
  ['posix-rename@openssh.com', '1'],
  ['statvfs@openssh.com', '2'],
  ['fstatvfs@openssh.com', '2'],
  ['hardlink@openssh.com', '1'],
  ['fsync@openssh.com', '1'],
  ['lsetstat@openssh.com', '1'],
  ['expand-path@openssh.com', '1'],
])

/** Never throws: what cannot be read is answered. Pure. */
export function requestOf({ type, id, fields }: Packet): Request {
  try {
    return read(type, id, new RequestFields(fields))
  } catch (error) {
    if (!(error instanceof BadField)) throw error
    return { kind: 'refused', id, status: 'bad_message', message: `sluice: ${error.message}` }
  }
}

function read(type: number, id: number, fields: RequestFields): Request {
  switch (type) {
    case types.open:
      return open(id, fields)
    case types.opendir:
      return ended(fields, opened(id, type, operation('list', 'list', true, [place(fields, 'read')])))
    case types.close:
      return used(id, type, 'close', fields)
    case types.read:
      return used(id, type, 'read', fields, 12)
    case types.write:
      return used(id, type, 'write', fields)
    case types.fstat:
      return used(id, type, 'fstat', fields, 0)
    case types.fsetstat:
      return used(id, type, 'fsetstat', fields)
    case types.readdir:
      return used(id, type, 'readdir', fields, 0)
    case types.lstat:
      return ended(fields, asked(id, type, operation('stat', 'lstat', true, [place(fields, 'read')])))
    case types.stat:
      return ended(fields, asked(id, type, operation('stat', 'stat', true, [place(fields, 'read')])))
    case types.realpath:
      return ended(fields, asked(id, type, operation('realpath', 'realpath', true, [place(fields, 'read')])))
    case types.readlink:
      return ended(fields, asked(id, type, operation('readlink', 'readlink', true, [place(fields, 'read')])))
    case types.remove:
      return ended(fields, asked(id, type, operation('remove', 'remove', false, [place(fields, 'write')])))
    case types.rmdir:
      return ended(fields, asked(id, type, operation('rmdir', 'rmdir', false, [place(fields, 'write')])))
    case types.mkdir:
      return changed(id, type, 'mkdir', 'mkdir', fields, '')
    case types.setstat:
      return changed(id, type, 'setstat', 'setstat', fields, '')
    case types.rename:
      return two(id, type, 'rename', 'rename', fields, '')
    case types.symlink:
      return symlink(id, fields)
    case types.extended:
      return extended(id, fields)
    default:
      return {
        kind: 'refused',
        id,
        status: 'op_unsupported',
        message: 'sluice: this request is not supported',
      }
  }
}

interface Place {
  readonly named: NamedPath
  /** As it goes to the target: the canonical form, so that `..` never follows a link. */
  readonly sent: Buffer
}

/** In SFTP `~` is a name like any other. */
function place(fields: RequestFields, access: NamedPath['access']): Place {
  const given = fields.path()
  const path = canonicalPath(given.startsWith('~') ? `./${given}` : given)
  // The server holds folders open for its caller, and below one of them anything has another name.
  if (isThroughDescriptor(path)) throw new BadField('a path goes on below an open file')
  return { named: { path, access, pattern: false }, sent: text(sentPath(path)) }
}

function sentPath(canonical: string): string {
  if (!canonical.startsWith('~')) return canonical
  return canonical === '~' ? '.' : canonical.slice(2)
}

interface Meaning {
  readonly action: Operation
  readonly sent: readonly Buffer[]
}

function operation(
  name: string,
  kind: string,
  readOnly: boolean,
  places: readonly Place[],
  more: object = {},
): Meaning {
  const paths = places.map(({ named }) => ({ ...named }))
  return {
    action: { name: `sftp.${name}`, kind, read_only: readOnly, paths, ...more },
    sent: places.map(({ sent }) => sent),
  }
}

function asked(id: number, type: number, { action, sent }: Meaning, ...rest: readonly Buffer[]): Request {
  return { kind: 'operation', id, action, type, fields: Buffer.concat([...sent, ...rest]) }
}

function opened(id: number, type: number, { action, sent }: Meaning, ...rest: readonly Buffer[]): Request {
  return { kind: 'open', id, action, type, fields: Buffer.concat([...sent, ...rest]) }
}

function ended(fields: RequestFields, request: Request): Request {
  fields.end()
  return request
}

const openFlags = [
  [1, 'read'],
  [2, 'write'],
  [4, 'append'],
  [8, 'create'],
  [16, 'truncate'],
  [32, 'exclusive'],
] as const

function open(id: number, fields: RequestFields): Request {
  const file = fields.path()
  const flags = fields.u32()
  const { bytes } = fields.attributes()
  fields.end()
  // OpenSSH takes neither of them for reading.
  if ((flags & ~0x3f) !== 0 || (flags & 3) === 0) throw new BadField('a way of opening that is not known')
  const named = openFlags.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name)
  const reads = flags === 1
  const at = place(new RequestFields(text(file)), reads ? 'read' : 'write')
  const judged = operation(
    reads ? 'open_read' : 'open_write',
    reads ? 'open_read' : 'open_write',
    reads,
    [at],
    {
      flags: named,
    },
  )
  return opened(id, types.open, judged, u32(flags), bytes)
}

/** `exact`: how many bytes follow the handle. */
function used(id: number, type: number, use: Use, fields: RequestFields, exact?: number): Request {
  const handle = fields.string().toString('latin1')
  const rest = fields.rest()
  if (exact !== undefined && rest.length !== exact) throw new BadField('a packet of another length')
  if (use === 'write') requireWritten(rest)
  if (use === 'fsetstat') requireAttributes(rest)
  if (use === 'close' && rest.length > 0) throw new BadField('a packet goes on after its end')
  return { kind: 'handle', id, handle, use, type, fields: rest, extension: null }
}

function requireAttributes(rest: Buffer): void {
  const changed = new RequestFields(rest)
  changed.attributes()
  changed.end()
}

function requireWritten(rest: Buffer): void {
  const written = new RequestFields(rest)
  written.u64()
  written.string()
  written.end()
}

function changed(
  id: number,
  type: number,
  name: string,
  kind: string,
  fields: RequestFields,
  extension: string,
): Request {
  const at = place(fields, 'write')
  const { bytes, changed: names } = fields.attributes()
  fields.end()
  const judged = operation(name, kind, false, [at], { attributes: [...names] satisfies AttributeName[] })
  return asked(id, type, prefixed(judged, extension), bytes)
}

/** The first is what the second will be the name of. */
function two(
  id: number,
  type: number,
  name: 'rename' | 'hardlink',
  kind: string,
  fields: RequestFields,
  extension: string,
): Request {
  const from = place(fields, name === 'rename' ? 'write' : 'read')
  const to = place(fields, 'write')
  fields.end()
  return asked(id, type, prefixed(operation(name, kind, false, [from, to]), extension))
}

/**
 * What a link says is sent as it came: it is no path until somebody follows it. It is judged as the place to which it leads
 * from the folder of the link.
 */
function symlink(id: number, fields: RequestFields): Request {
  const says = fields.path()
  if (climbs(says)) throw new BadField('a link says `..` behind a folder')
  const link = place(fields, 'write')
  fields.end()
  const folder = canonicalPath(`${link.named.path}/..`)
  const path = canonicalPath(says.startsWith('/') ? says : `${folder}/${says}`)
  const leads = { named: { path, access: 'read', pattern: false }, sent: text(says) } as const
  return asked(id, types.symlink, operation('symlink', 'symlink', false, [leads, link]))
}

function prefixed({ action, sent }: Meaning, extension: string): Meaning {
  return { action, sent: extension === '' ? sent : [text(extension), ...sent] }
}

function extended(id: number, fields: RequestFields): Request {
  const name = fields.string().toString('latin1')
  const type = types.extended
  switch (name) {
    case 'posix-rename@openssh.com':
      return two(id, type, 'rename', 'posix_rename', fields, name)
    case 'hardlink@openssh.com':
      return two(id, type, 'hardlink', 'hardlink', fields, name)
    case 'lsetstat@openssh.com':
      return changed(id, type, 'setstat', 'lsetstat', fields, name)
    case 'statvfs@openssh.com':
      return ended(
        fields,
        asked(id, type, prefixed(operation('stat', 'statvfs', true, [place(fields, 'read')]), name)),
      )
    case 'expand-path@openssh.com': {
      // There `~` is the home of the login, and `~name` somebody else's.
      const given = fields.path()
      fields.end()
      if (/^~[^/]/.test(given)) throw new BadField('a home of somebody else')
      const path = canonicalPath(given)
      const at = {
        named: { path, access: 'read', pattern: false },
        sent: text(path === '~' ? '~/' : path),
      } as const
      return asked(id, type, prefixed(operation('realpath', 'realpath', true, [at]), name))
    }
    case 'fsync@openssh.com':
    case 'fstatvfs@openssh.com': {
      const handle = fields.string().toString('latin1')
      fields.end()
      const use = name === 'fsync@openssh.com' ? 'fsync' : 'fstatvfs'
      return { kind: 'handle', id, handle, use, type, fields: Buffer.alloc(0), extension: name }
    }
    default:
      return {
        kind: 'refused',
        id,
        status: 'op_unsupported',
        message: 'sluice: this extension is not supported',
      }
  }
}
