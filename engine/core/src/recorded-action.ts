/** An action as `RequestReceived` holds it, as far as every protocol has it. */
export interface RecordedAction {
  readonly name: string
  readonly kind: string
  readonly relations?: readonly { readonly schema: string; readonly name: string }[]
  /** A path without its values. */
  readonly route?: string
}

/** What `actionsText` wrote. */
export function recordedActions(text: string): readonly RecordedAction[] {
  return JSON.parse(text) as readonly RecordedAction[]
}

/** `schema.name` of what actions touch, each once. */
export function touchedBy(...actions: readonly Pick<RecordedAction, 'relations'>[]): readonly string[] {
  const relations = actions.flatMap((action) => action.relations ?? [])
  return [...new Set(relations.map(({ schema, name }) => `${schema}.${name}`))]
}

/** Its name and what it touches, e.g. `sql.select public.customers` or `http.get /customers/{id}`. */
export function actionSummary(action: Pick<RecordedAction, 'name' | 'relations' | 'route'>): string {
  const { name, route } = action
  return [name, ...(route === undefined ? [] : [route]), ...touchedBy(action)].join(' ')
}
