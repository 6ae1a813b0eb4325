/**
 * Who exists in the demo. `dave` alone sees protected columns; `bob` and `carol` approve, `carol` also activates
 * policies; `erin` reads the record; a service can never approve anything.
 */
export const demoSubjects = {
  'langchain-reporting': { type: 'service', groups: ['langchain'] },
  alice: { type: 'human', groups: ['analysts'] },
  bob: { type: 'human', groups: ['dba'] },
  carol: { type: 'human', groups: ['dba', 'operators'] },
  dave: { type: 'human', groups: ['pii-readers'] },
  erin: { type: 'human', groups: ['auditors'] },
} as const

export type DemoSubject = keyof typeof demoSubjects

export function isDemoSubject(name: unknown): name is DemoSubject {
  return typeof name === 'string' && Object.hasOwn(demoSubjects, name)
}
