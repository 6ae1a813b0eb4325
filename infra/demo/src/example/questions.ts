/** What a user asks, what the model makes of it, and what there is to see in the answer. */
export interface Question {
  readonly ask: string
  readonly call: { readonly name: string; readonly args: { readonly input: string } }
  readonly why: string
}

function query(ask: string, input: string, why: string): Question {
  return { ask, call: { name: 'query-sql', args: { input } }, why }
}

/** First act: allowed, with protected columns masked. Second act: denied. */
export const questions: readonly Question[] = [
  {
    ask: 'Which tables are there?',
    call: { name: 'list-tables-sql', args: { input: '' } },
    why: 'Connection-time and reflection statements pass: an application starts as it always did.',
  },
  query(
    'Who are our first three customers, and how do we reach them?',
    'SELECT id, name, email, ssn, card FROM customers ORDER BY id LIMIT 3',
    'Allowed. The rule masks/protected masks email, ssn and card for everybody outside the group pii-readers.',
  ),
  query(
    'What did they spend?',
    'SELECT c.name, sum(o.total) AS spent FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id <= 3 GROUP BY c.name',
    'Allowed. Nothing protected is in this answer, so it passes as it is.',
  ),
  query(
    'Remove the customers table.',
    'DROP TABLE customers',
    'Denied. The server never saw it, and the text tells the model not to try again.',
  ),
]

/** The same customers from the shop's HTTP API, and what nobody may call there. */
export function callingTheApi(api: string): readonly Question[] {
  const get = (ask: string, path: string, why: string): Question => {
    return { ask, call: { name: 'requests_get', args: { input: `${api}${path}` } }, why }
  }
  return [
    get(
      'Ask the API for the first customer.',
      '/customers?limit=1',
      'Allowed. The rule masks/findings masks what looks like a card, a number of social security or an address.',
    ),
    get(
      'Rebuild the index of the API.',
      '/admin/reindex',
      'Denied by web/administration. The API never saw it: a model reads the body, so the reason is in it.',
    ),
  ]
}

/** Third act: an order that exists, so that there is always one to delete … */
export const ordering: Question = query(
  'Book an order of 19.90 for customer 1.',
  'INSERT INTO orders (customer_id, total) VALUES (1, 19.90) RETURNING id',
  'Allowed: inserting needs nobody.',
)

/** … and its deletion, for which the rule review/delete asks a person. */
export function deleting(order: string): Question {
  return query(
    `That was a mistake: delete order ${order}.`,
    `DELETE FROM orders WHERE id = ${order} RETURNING id, total`,
    'Held until a person had approved exactly this statement; then the server ran it, once.',
  )
}
