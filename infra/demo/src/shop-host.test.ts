import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import ssh2 from 'ssh2'
import { newHostKeys, startShopHost, type ShopHost } from './shop-host.ts'
import { ShopFiles, shopFiles } from './shop-files.ts'
import { runProgram } from './shop-programs.ts'

const run = (command: string, input = '') => runProgram(command, input, new ShopFiles(shopFiles))

test('a few programs, and pipelines of them', () => {
  assert.equal(run('ls').stdout, 'README.txt\n')
  assert.match(run('ls -la /srv/shop').stdout, /^-rw-r--r-- 1 shop shop +\d+ Jan {2}1 08:00 customers\.csv\n/)
  assert.equal(run('head -n 1 /srv/shop/orders.csv').stdout, 'id,customer_id,total\n')
  assert.equal(run("cat /var/log/shop/app.log | grep -i 'warn' | wc -l").stdout, '3\n')
  assert.equal(run('tail -1 /srv/shop/orders.csv').stdout, '3,2,120.00\n')
  assert.equal(run('wc -l', 'a\nb').stdout, '2\n')
  assert.deepEqual(run('cat nothing'), {
    stdout: '',
    stderr: 'cat: nothing: No such file or directory\n',
    status: 1,
  })
  assert.deepEqual(run('python3 -c 1'), { stdout: '', stderr: 'python3: not found\n', status: 127 })
  assert.equal(run('toString').status, 127)
})

test('a host key that the library cannot read again is not taken', () => {
  const good = newHostKeys()
  const short = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAHwn07AscnNZ6ENHNFAKndsLdI2rwST6E3Q/cxnrzLnw='
  const made = [{ ...good, public: short }, good]
  assert.equal(
    newHostKeys(() => made.shift() ?? assert.fail('one more was made')),
    good,
  )
})

suite('the sample host', () => {
  const keys = newHostKeys()
  let host: ShopHost
  before(async () => {
    host = await startShopHost({ port: 0, user: 'shop', password: 'known', keys })
  })
  after(() => host.close())

  const connected = (password: string): Promise<ssh2.Client> =>
    new Promise((resolve, reject) => {
      const client = new ssh2.Client()
      client.on('ready', () => resolve(client)).on('error', reject)
      client.connect({ host: host.host, port: host.port, username: 'shop', password })
    })

  test('lets in who knows the password', async () => {
    await assert.rejects(connected('guessed'))
    const client = await connected('known')
    const said = await new Promise<string>((resolve, reject) => {
      client.exec('whoami', (error, channel) => {
        if (error !== undefined) return reject(error)
        let text = ''
        channel.on('data', (bytes: Buffer) => (text += bytes.toString())).on('close', () => resolve(text))
      })
    })
    client.end()
    assert.equal(said, 'shop\n')
  })

  test('has its files over SFTP', async () => {
    const client = await connected('known')
    const content = await new Promise<string>((resolve, reject) => {
      client.sftp((error, sftp) => {
        if (error !== undefined) return reject(error)
        sftp.writeFile('note.txt', 'written\n', (failed) => {
          if (failed instanceof Error) return reject(failed)
          sftp.readFile('/home/shop/note.txt', (unread, bytes) =>
            unread === undefined ? resolve(bytes.toString()) : reject(unread),
          )
        })
      })
    })
    client.end()
    assert.equal(content, 'written\n')
  })
})
