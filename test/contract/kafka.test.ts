import { eventStoreContract } from './event-store.contract.ts'
import { oneStreamContract } from './one-stream.contract.ts'
import { onKafka } from './kafka-log.ts'

const brokers = ['127.0.0.1:19092']
for (const contract of [eventStoreContract, oneStreamContract]) contract('on Kafka', () => onKafka(brokers))
