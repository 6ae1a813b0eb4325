import { test } from 'node:test'
import assert from 'node:assert/strict'
import { parseCommandLine, type Transfer } from '../command-line.ts'

const transfer = (text: string): Transfer | null => parseCommandLine(text).transfer

test('scp, as OpenSSH starts its far end', () => {
  const upload = { kind: 'scp', direction: 'upload', recursive: false, deletes: false } as const
  assert.deepEqual(transfer('scp -t /srv/x'), { ...upload, paths: ['/srv/x'] })
  assert.deepEqual(transfer('scp -v -r -p -d -t -- -x'), { ...upload, recursive: true, paths: ['-x'] })
  assert.deepEqual(transfer('scp -f a b'), { ...upload, direction: 'download', paths: ['a', 'b'] })
  assert.equal(transfer('scp -f ./*.log')?.direction, 'download')
  assert.equal(parseCommandLine('scp -f /x').read_only, true)
  assert.equal(parseCommandLine('scp -t /x').read_only, false)
})

test('rsync, as a client starts its server', () => {
  assert.deepEqual(transfer('rsync --server --sender -vlogDtpre.iLsfxCIvu . /srv/a'), {
    kind: 'rsync',
    direction: 'download',
    paths: ['/srv/a'],
    recursive: true,
    deletes: false,
  })
  const mirrored = transfer('rsync --server -logDtpre.iLsfxCIvu --delete --timeout=5 . b')
  assert.deepEqual(mirrored, {
    kind: 'rsync',
    direction: 'upload',
    paths: ['b'],
    recursive: true,
    deletes: true,
  })
})

test('git, as a client starts its server', () => {
  const repository = { kind: 'git', paths: ['/srv/a.git'], recursive: true } as const
  assert.deepEqual(transfer("git-upload-pack '/srv/a.git'"), {
    ...repository,
    direction: 'download',
    deletes: false,
  })
  assert.deepEqual(transfer("git-receive-pack '/srv/a.git'"), {
    ...repository,
    direction: 'upload',
    deletes: true,
  })
  assert.deepEqual(transfer("git upload-pack '/srv/a.git'"), {
    ...repository,
    direction: 'download',
    deletes: false,
  })
})

test('anything else of theirs is opaque', () => {
  for (const text of [
    'scp x y',
    'scp -t',
    'scp -t -f x',
    'scp -t a b',
    'scp -S id -t x',
    'scp -o ProxyCommand=id -t x',
    'scp -t -x',
    'rsync --daemon',
    'rsync --server --daemon .',
    'rsync --server -e id . x',
    'rsync --server --rsh=id . x',
    'rsync --server -logDtpre.iLsfxCIvu --log-file=/etc/x . b',
    'rsync --server -logDtpre.iLsfxCIvu --files-from=/etc/shadow . b',
    'rsync --server --sender -logDtpre.iLsfxCIvu --remove-source-files . b',
    'rsync --server -slogDtpre.iLsfxCIvu . ',
    'rsync --server -slogDtpre.iLsfxCIvu . x',
    'rsync --server -logDtpre.iLsfxCIvu . --rsh=id',
    'git-upload-pack',
    'git-upload-pack --help',
    'git-upload-pack a b',
    'git-upload-archive a',
    'git -c x=y upload-pack a',
    'git status',
  ]) {
    assert.equal(transfer(text), null, text)
    assert.equal(parseCommandLine(text).opaque[0]?.reason, 'interpreter', text)
  }
})

test('nothing beside it', () => {
  for (const text of ['scp -t x; ls', 'ls && scp -f x', "git-upload-pack 'x' | cat"])
    assert.equal(transfer(text), null, text)
  assert.equal(transfer('scp -f x > y'), null)
})
