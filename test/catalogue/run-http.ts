import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { HttpClient, HungUp, request, valueOf, type HttpAnswer, type Place } from '../src/index.ts'
import type { CarelessApi } from './careless-api.ts'
import type { Doors } from './careless-doors.ts'
import type { HttpAttack, HttpShows, HttpThrough } from './http-case.ts'

const secret = '536-22-8726'
const settleMs = 100
/** Whoever has got no answer by then has not said all of a request. */
const finishMs = 500
/** The API answers at once, or not at all. */
const directMs = 500

interface Played {
  /** Every byte that the client got, and what it may read in them. */
  readonly text: string
  /** The first that came, and was whole. */
  readonly answer: HttpAnswer | undefined
}

/** Does the attack work at the API as it is? */
export async function attackDirectly({ send, shows, bodiless }: HttpAttack, { api }: Doors): Promise<void> {
  if (shows.kind === 'cannotShow') return
  const done = api.deeds.length
  const heard = listen(api)
  const bytes = send({ prefix: '', token: 'a-token', authorization: '' })
  const played = await play(api, bytes, { bodiless, waitMs: directMs })
  await sleep(settleMs)
  shown(shows, played, heard(), api.deeds.slice(done))
}

function shown(shows: HttpShows, { text }: Played, heard: string, deeds: readonly string[]): void {
  switch (shows.kind) {
    case 'performs':
      assert.notDeepEqual(deeds, [], `the API does nothing of it: ${text.slice(0, 300)}`)
      break
    case 'reads':
      assert.match(text, shows.pattern)
      break
    case 'hears':
      assert.match(heard, shows.pattern)
      break
    case 'cannotShow':
  }
}

/** Is it stopped on its way through Sluice? */
export async function attackThrough(
  { send, through, bodiless, finishes }: HttpAttack,
  doors: Doors,
): Promise<void> {
  const { api, gateway, entrance, credential } = doors
  const done = api.deeds.length
  const listening = listen(api)
  const played = await play(gateway, send(entrance), { bodiless, finishes })
  if (through.arrives !== null) await sleep(settleMs)
  const heard = listening()
  const { text } = played
  const what = `${JSON.stringify(text.slice(0, 600))}\nthe API heard ${JSON.stringify(heard.slice(0, 600))}`
  assert.deepEqual(api.deeds.slice(done), [], `the API did it: ${what}`)
  assert.ok(!heard.includes(entrance.token), `the API heard the token: ${what}`)
  assert.ok(!text.includes(secret), `the client got the secret: ${what}`)
  assert.ok(!text.includes(credential), `the client got the credential of the gateway: ${what}`)
  answered(through, played, heard, what)
  await stillServes(doors)
}

function answered(through: HttpThrough, { text, answer }: Played, heard: string, what: string): void {
  assert.ok(
    through.statuses.includes(answer?.status ?? 'cut'),
    `answered ${answer?.status ?? 'nothing whole'}: ${what}`,
  )
  if (through.arrives === null) assert.equal(heard, '', `it arrived: ${what}`)
  else if (through.arrives !== undefined) assert.match(heard, through.arrives, what)
  if (through.never !== undefined) assert.doesNotMatch(heard, through.never, what)
  if (through.says !== undefined) assert.match(text, through.says, what)
  if (through.silent !== undefined) assert.doesNotMatch(text, through.silent, what)
}

/** Whatever was sent, the next caller is served. */
async function stillServes({ gateway, entrance }: Doors): Promise<void> {
  const { prefix, token } = entrance
  const bytes = request('GET', `${prefix}/ordinary`, { 'x-sluice-authorization': `Bearer ${token}` })
  const { answer } = await play(gateway, bytes)
  assert.equal(answer?.status, 200, 'the gateway does not serve any more')
}

interface Manner {
  readonly bodiless?: boolean | undefined
  readonly finishes?: boolean | undefined
  readonly waitMs?: number
}

async function play(place: Place, bytes: string | Uint8Array, manner: Manner = {}): Promise<Played> {
  const client = await HttpClient.connect(place, manner.waitMs)
  client.send(bytes)
  if (manner.finishes === true) {
    // Who said no more at once would be taken for gone, whatever was said.
    await Promise.race([client.until((heard) => heard.length > 0), sleep(finishMs)]).catch(() => undefined)
    client.finish()
  }
  const answer = await client.answer(manner.bodiless).catch((error: unknown) => {
    // Without an answer in time: whoever plays it directly may find that in order.
    if (!(error instanceof HungUp) && manner.waitMs === undefined) throw error
    return undefined
  })
  client.destroy()
  return { text: [client.bytes.toString('latin1'), ...readings(answer)].join('\n'), answer }
}

/** Chunks put together, compression undone, the pieces of a model's answer joined. */
function readings(answer: HttpAnswer | undefined): readonly string[] {
  if (answer === undefined) return []
  const packed = valueOf(answer, 'content-encoding') === 'gzip'
  const body = (packed ? gunzipSync(answer.body) : answer.body).toString('latin1')
  return [body, [...body.matchAll(/"content":"([^"]*)"/g)].map(([, text]) => text).join('')]
}

/** Every byte that comes to the API from here on. */
function listen(api: CarelessApi): () => string {
  const before = api.connections.map(({ up }) => up.length)
  return () => api.connections.map(({ up }, at) => up.toString('latin1', before[at] ?? 0)).join('')
}
