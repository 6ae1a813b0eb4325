export { topics, type Topic, type TopicOf, type TopicSettings } from './topics.ts'
