import { suite } from 'node:test'
import { systemClock } from '@sluice/core'
import { openKafka, verifyKafka } from '@sluice/journal'
import { eventStoreContract } from '../contract/event-store.contract.ts'
import { contentContract } from '../contract/content.contract.ts'
import { erasureContract } from '../contract/erasure.contract.ts'
import { followerContract } from '../contract/follower.contract.ts'
import { oneStreamContract } from '../contract/one-stream.contract.ts'
import { broker } from './broker.ts'
import { kafkaLogOptions, onKafka } from './log-under-test.ts'

const kafka = await broker()
if ('missing' in kafka) suite('the log contract on Kafka', { skip: kafka.missing })
else {
  const { brokers } = kafka
  for (const contract of [eventStoreContract, oneStreamContract, followerContract, contentContract])
    contract('on Kafka', () => onKafka(brokers))
  erasureContract('on Kafka', async () => {
    const options = kafkaLogOptions(brokers)
    const { prefix = '' } = options
    const verify = () => verifyKafka({ connection: { brokers }, prefix, clock: systemClock })
    return { log: await openKafka(options), verify: async () => (await verify()).findings }
  })
}
