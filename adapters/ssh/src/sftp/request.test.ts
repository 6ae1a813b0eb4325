import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { text, u32, u64 } from '../wire.ts'
import { types, type Packet } from './packet.ts'
import { operations, requestOf, type Request } from './request.ts'

const nothing = u32(0)
const asked = (type: number, ...fields: readonly Buffer[]): Request =>
  requestOf({ type, id: 1, fields: Buffer.concat(fields) })
const open = (path: string | Buffer, flags: number): Request =>
  asked(types.open, text(path), u32(flags), nothing)

function paths(request: Request): readonly string[] {
  assert.ok(request.kind === 'operation' || request.kind === 'open', JSON.stringify(request))
  return request.action.paths.map(({ access, path }) => `${access} ${path}`)
}

function judged(request: Request): string {
  assert.ok(request.kind === 'operation' || request.kind === 'open', JSON.stringify(request))
  return `${request.action.name} ${request.action.kind}`
}

function status(request: Request): string {
  assert.equal(request.kind, 'refused')
  return request.kind === 'refused' ? request.status : ''
}

suite('requests of SFTP', () => {
  test('what each asks for', () => {
    const path = text('/srv/x')
    const named: readonly (readonly [Request, string])[] = [
      [open('/srv/x', 1), 'sftp.open_read open_read'],
      [open('/srv/x', 2), 'sftp.open_write open_write'],
      [open('/srv/x', 3), 'sftp.open_write open_write'],
      [open('/srv/x', 1 | 8), 'sftp.open_write open_write'],
      [open('/srv/x', 1 | 16), 'sftp.open_write open_write'],
      [asked(types.opendir, path), 'sftp.list list'],
      [asked(types.stat, path), 'sftp.stat stat'],
      [asked(types.lstat, path), 'sftp.stat lstat'],
      [asked(types.realpath, path), 'sftp.realpath realpath'],
      [asked(types.readlink, path), 'sftp.readlink readlink'],
      [asked(types.remove, path), 'sftp.remove remove'],
      [asked(types.rmdir, path), 'sftp.rmdir rmdir'],
      [asked(types.mkdir, path, nothing), 'sftp.mkdir mkdir'],
      [asked(types.setstat, path, u32(4), u32(0o777)), 'sftp.setstat setstat'],
      [asked(types.rename, path, path), 'sftp.rename rename'],
      [asked(types.symlink, path, path), 'sftp.symlink symlink'],
      [asked(types.extended, text('posix-rename@openssh.com'), path, path), 'sftp.rename posix_rename'],
      [asked(types.extended, text('hardlink@openssh.com'), path, path), 'sftp.hardlink hardlink'],
      [asked(types.extended, text('lsetstat@openssh.com'), path, nothing), 'sftp.setstat lsetstat'],
      [asked(types.extended, text('statvfs@openssh.com'), path), 'sftp.stat statvfs'],
      [asked(types.extended, text('expand-path@openssh.com'), path), 'sftp.realpath realpath'],
    ]
    for (const [request, expected] of named) assert.equal(judged(request), expected)
    assert.deepEqual(new Set(named.map(([request]) => judged(request).split(' ')[0])), new Set(operations))
  })

  test('C8: a path has one form, which is what is sent', () => {
    const forms: readonly (readonly [string, string, string])[] = [
      ['/srv/../etc/passwd', '/etc/passwd', '/etc/passwd'],
      ['/srv//./x/', '/srv/x', '/srv/x'],
      ['/../../etc/shadow', '/etc/shadow', '/etc/shadow'],
      ['.ssh/id', '~/.ssh/id', '.ssh/id'],
      ['', '~', '.'],
      ['.', '~', '.'],
      ['a/../../b', '~/../b', '../b'],
      ['link/../secret', '~/secret', 'secret'],
      ['~/x', '~/~/x', '~/x'],
      ['~', '~/~', '~'],
    ]
    for (const [given, path, sent] of forms) {
      const request = open(given, 1)
      assert.deepEqual(paths(request), [`read ${path}`])
      assert.ok(request.kind === 'open')
      assert.deepEqual(request.fields, Buffer.concat([text(sent), u32(1), nothing]), given)
    }
  })

  test('a link is judged by where it leads too', () => {
    assert.deepEqual(paths(asked(types.symlink, text('/etc/shadow'), text('/tmp/x'))), [
      'read /etc/shadow',
      'write /tmp/x',
    ])
    assert.deepEqual(paths(asked(types.symlink, text('../etc/shadow'), text('/tmp/x'))), [
      'read /etc/shadow',
      'write /tmp/x',
    ])
    assert.deepEqual(paths(asked(types.rename, text('a'), text('b'))), ['write ~/a', 'write ~/b'])
  })

  test('what cannot be read in one way only is answered with BAD_MESSAGE', () => {
    const path = text('/srv/x')
    for (const request of [
      open(Buffer.from('/srv/\0x'), 1),
      open(Buffer.from([0x2f, 0xff]), 1),
      open('x'.repeat(5000), 1),
      open('/srv/x', 64),
      // Read by OpenSSH, as if it had been asked to.
      open('/srv/x', 0),
      open('/srv/x', 8),
      open('/dev/fd/4/etc/shadow', 1),
      open('/dev/stdin/../fd/4/etc/shadow', 1),
      open('/proc/self/root/etc/shadow', 1),
      open('/proc/self/fd/4/etc/shadow', 1),
      open('/proc/1/task/1/cwd/x', 1),
      asked(types.rename, path, text('/dev/fd/4/x')),
      asked(types.symlink, text('/var/run/../etc/shadow'), path),
      asked(types.open, path, u32(1), u32(0x8000_0000)),
      asked(types.open, path, u32(1)),
      asked(types.open, path, u32(1), nothing, Buffer.of(0)),
      asked(types.stat, path, Buffer.of(0)),
      asked(types.stat, u32(100)),
      asked(types.remove),
      asked(types.read, text('h'), u64(0n)),
      asked(types.write, text('h'), u64(0n), u32(9)),
      asked(types.close, text('h'), Buffer.of(0)),
      asked(types.fsetstat, text('h'), nothing, Buffer.of(0)),
      asked(types.extended, text('expand-path@openssh.com'), text('~root/x')),
    ])
      assert.equal(status(request), 'bad_message')
  })

  test('C6: what is not known is not supported', () => {
    for (const type of [0, 2, 21, 100, types.status, types.handle, types.data, 255])
      assert.equal(status(asked(type, text('/x'))), 'op_unsupported')
    for (const name of ['copy-data', 'home-directory', 'users-groups-by-id@openssh.com', 'text-seek', ''])
      assert.equal(status(asked(types.extended, text(name), text('/x'))), 'op_unsupported')
  })

  test('whatever comes is answered', () => {
    const packet: fc.Arbitrary<Packet> = fc.record({
      type: fc.integer({ min: 0, max: 255 }),
      id: fc.nat(),
      fields: fc
        .array(
          fc.oneof(
            fc.uint8Array({ maxLength: 20 }),
            fc.string({ maxLength: 20 }).map(text),
            fc.nat().map(u32),
          ),
          { maxLength: 5 },
        )
        .map((parts) => Buffer.concat(parts)),
    })
    fc.assert(
      fc.property(packet, (one) => {
        const request = requestOf(one)
        if (request.kind === 'refused') return
        if (request.kind === 'handle') return
        assert.ok(operations.includes(request.action.name))
        // No `..` behind a name: a link cannot lead elsewhere than was judged.
        for (const { path } of request.action.paths) assert.doesNotMatch(path, /[^/.~][^/]*\/\.\.(?:\/|$)/)
      }),
      { numRuns: Number(process.env['SLUICE_FUZZ_CASES'] ?? 5_000) },
    )
  })
})
