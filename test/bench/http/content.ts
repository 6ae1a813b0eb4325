/** What the origin holds: 11 bytes, and 10 KB as an API answers them, with values that masks look for. */
export interface Content {
  readonly path: string
  readonly type: string
  readonly text: string
}

const customers = Array.from({ length: 48 }, (_, index) => ({
  id: index + 1,
  name: `Customer number ${index + 1}`,
  email: `customer.${index + 1}@example.com`,
  ssn: `${200 + index}-45-${6000 + index}`,
  card: '4111 1111 1111 1111',
  balance: index * 100.25,
  notes: 'Called about the invoice of last month; wants to be called back.',
}))

export const small: Content = { path: '/small', type: 'text/plain', text: 'hello world' }
export const large: Content = {
  path: '/customers.json',
  type: 'application/json',
  text: JSON.stringify({ customers }),
}

/** Whether an answer shows none of what is to be masked in `large`. */
export function showsNothing(text: string): boolean {
  return customers.every(({ email, ssn, card }) => ![email, ssn, card].some((value) => text.includes(value)))
}
