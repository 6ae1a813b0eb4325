import ssh2, { type Attributes, type SFTPWrapper } from 'ssh2'
import { absolute, type ShopFiles } from './shop-files.ts'

const { STATUS_CODE: status, OPEN_MODE: mode } = ssh2.utils.sftp

interface Open {
  readonly path: string
  /** Of a folder: its names, once. */
  names?: readonly string[] | undefined
}

/** The files of the sample host over SFTP. */
export function serveFiles(sftp: SFTPWrapper, files: ShopFiles): void {
  const open = new Map<string, Open>()
  let handles = 0
  const opened = (id: number, file: Open): void => {
    const handle = String(++handles)
    open.set(handle, file)
    sftp.handle(id, Buffer.from(handle))
  }
  const fileOf = (handle: Buffer): Open | undefined => open.get(handle.toString())
  const told = (id: number, path: string | undefined): void => {
    const stat = path === undefined ? undefined : files.stat(absolute(path))
    if (stat === undefined) sftp.status(id, status.NO_SUCH_FILE)
    else sftp.attrs(id, stat)
  }
  sftp.on('REALPATH', (id, path) => {
    const real = absolute(path)
    sftp.name(id, [{ filename: real, longname: real, attrs: {} as Attributes }])
  })
  sftp.on('STAT', told).on('LSTAT', told)
  sftp.on('FSTAT', (id, handle) => told(id, fileOf(handle)?.path))
  sftp.on('OPENDIR', (id, path) => {
    const names = files.read(absolute(path)) === undefined ? files.list(absolute(path)) : undefined
    if (names === undefined) sftp.status(id, status.NO_SUCH_FILE)
    else opened(id, { path: absolute(path), names })
  })
  sftp.on('READDIR', (id, handle) => {
    const folder = fileOf(handle)
    if (folder?.names === undefined) return sftp.status(id, status.EOF)
    const entries = folder.names.map((filename) => {
      const path = absolute(`${folder.path}/${filename}`)
      return {
        filename,
        longname: files.line(path, filename),
        attrs: files.stat(path) as unknown as Attributes,
      }
    })
    folder.names = undefined
    sftp.name(id, entries)
  })
  sftp.on('OPEN', (id, path, flags) => {
    const file = absolute(path)
    const there = files.read(file) !== undefined
    if (!there && (flags & mode.CREAT) === 0) return sftp.status(id, status.NO_SUCH_FILE)
    if (!there || (flags & mode.TRUNC) !== 0) files.write(file, Buffer.alloc(0))
    opened(id, { path: file })
  })
  sftp.on('READ', (id, handle, offset, length) => {
    const piece = files.read(fileOf(handle)?.path ?? '')?.subarray(offset, offset + length)
    if (piece === undefined || piece.length === 0) sftp.status(id, status.EOF)
    else sftp.data(id, piece)
  })
  sftp.on('WRITE', (id, handle, offset, data) => {
    const path = fileOf(handle)?.path ?? ''
    const before = files.read(path)
    if (before === undefined || offset + data.length > fileBytesMax) return sftp.status(id, status.FAILURE)
    const after = Buffer.alloc(Math.max(before.length, offset + data.length))
    before.copy(after)
    data.copy(after, offset)
    files.write(path, after)
    sftp.status(id, status.OK)
  })
  sftp.on('CLOSE', (id, handle) => {
    sftp.status(id, open.delete(handle.toString()) ? status.OK : status.FAILURE)
  })
  sftp.on('REMOVE', (id, path) => {
    sftp.status(id, files.remove(absolute(path)) ? status.OK : status.NO_SUCH_FILE)
  })
  const taken = (id: number): void => sftp.status(id, status.OK)
  sftp.on('SETSTAT', taken).on('FSETSTAT', taken)
  const unsupported = (id: number): void => sftp.status(id, status.OP_UNSUPPORTED)
  sftp.on('MKDIR', unsupported).on('RMDIR', unsupported).on('RENAME', unsupported)
  sftp.on('SYMLINK', unsupported).on('READLINK', unsupported)
}

const fileBytesMax = 1_048_576
