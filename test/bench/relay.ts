import { createServer, connect } from 'node:net'

/**
 * The floor of any gateway in this runtime: two sockets and a copy between them, nothing read. Its CPU per
 * statement is what the enforcing gateway is compared with. `node relay.ts <target port>`.
 */
const targetPort = Number(process.argv[2])

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ port: targetPort, host: '127.0.0.1', noDelay: true })
  client.pipe(upstream)
  upstream.pipe(client)
  const close = (): void => {
    client.destroy()
    upstream.destroy()
  }
  for (const socket of [client, upstream]) socket.on('error', close).on('close', close)
}).listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address !== 'string') console.log(`listening on ${address.port}`)
})
