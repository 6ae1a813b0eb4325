import { IpcTunnels, serveTunnels } from '@sluice/agent'
import { dialerOf, directDialer } from '@sluice/cli'
import { pairOfSockets } from '../agent/pair-of-sockets.ts'
import { tunnelStage } from '../agent/tunnel-stage.ts'
import { dialerContract, resolveNames } from './dialer.contract.ts'

dialerContract('direct', async () => ({ dialer: directDialer(resolveNames), close: async () => {} }))

dialerContract('through an agent', async () => {
  const stage = await tunnelStage()
  await stage.start('vpc', {
    allow: ['127.0.0.1:*', 'metadata.example:80', 'here.example:80'],
    resolve: resolveNames,
  })
  const dialer = dialerOf(directDialer(), stage.tunnels)
  return { dialer, via: 'vpc', close: () => stage.close() }
})

dialerContract('through an agent, in a worker', async () => {
  const stage = await tunnelStage()
  await stage.start('vpc', {
    allow: ['127.0.0.1:*', 'metadata.example:80', 'here.example:80'],
    resolve: resolveNames,
  })
  const [worker, supervisor] = await pairOfSockets()
  serveTunnels(supervisor, { tunnels: stage.tunnels, isTarget: () => true })
  const dialer = dialerOf(directDialer(), new IpcTunnels(worker))
  return {
    dialer,
    via: 'vpc',
    async close() {
      worker.destroy()
      await stage.close()
    },
  }
})
