import { suite } from 'node:test'
import { eventStoreContract } from '../contract/event-store.contract.ts'
import { oneStreamContract } from '../contract/one-stream.contract.ts'
import { broker } from './broker.ts'
import { onKafka } from './log-under-test.ts'

const kafka = await broker()
if ('missing' in kafka) suite('the log contract on Kafka', { skip: kafka.missing })
else
  for (const contract of [eventStoreContract, oneStreamContract])
    contract('on Kafka', () => onKafka(kafka.brokers))
