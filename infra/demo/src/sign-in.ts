import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { InteractionResults, Provider } from 'oidc-provider'
import { demoSubjects, isDemoSubject } from './demo-subjects.ts'

export const signInPath = '/sign-in/'

/**
 * The page on which a person of the demo says who they are. There is one password for all of them, of each start: whoever
 * may read the demo's state may be any of them, and nobody else on this machine.
 */
export class SignIn {
  readonly #provider: Provider
  readonly #password: string

  constructor(provider: Provider, password: string) {
    this.#provider = provider
    this.#password = password
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const interaction = await this.#provider.interactionDetails(request, response)
    const { prompt, params, session } = interaction
    // Who is there has agreed on the page before, to everything that the demo has.
    if (prompt.name === 'consent')
      return this.#finish(request, response, await this.#consent(params, session?.accountId ?? ''))
    if (request.method !== 'POST') return page(response, 200, '')
    const form = new URLSearchParams(await text(request))
    if (form.get('decision') === 'deny')
      return this.#finish(request, response, {
        error: 'access_denied',
        error_description: 'The person said no.',
      })
    const name = form.get('name') ?? ''
    if (!isPerson(name) || !same(form.get('password') ?? '', this.#password))
      return page(response, 403, 'That is not the password of this start.')
    await this.#forget(interaction)
    return this.#finish(request, response, { login: { accountId: name, remember: false } })
  }

  /** Who was there before at the same browser is there no more: people are asked each time. */
  async #forget(interaction: Awaited<ReturnType<Provider['interactionDetails']>>): Promise<void> {
    if (interaction.session === undefined) return
    const session = await this.#provider.Session.find(interaction.session.cookie)
    await session?.destroy()
    delete interaction.session
    await interaction.save(interaction.exp - Math.floor(Date.now() / 1000))
  }

  async #consent(params: Readonly<Record<string, unknown>>, accountId: string): Promise<InteractionResults> {
    const { client_id: clientId, scope } = params
    if (typeof clientId !== 'string' || typeof scope !== 'string')
      throw new Error('the request names no client')
    const grant = new this.#provider.Grant({ accountId, clientId })
    grant.addOIDCScope(scope)
    for (const resource of [params['resource']].flat()) grant.addResourceScope(String(resource), '')
    return { consent: { grantId: await grant.save() } }
  }

  #finish(request: IncomingMessage, response: ServerResponse, result: InteractionResults): Promise<void> {
    return this.#provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
  }
}

function isPerson(name: string): boolean {
  return isDemoSubject(name) && demoSubjects[name].type === 'human'
}

/** In the same time, wherever they differ. */
function same(given: string, expected: string): boolean {
  const [a = Buffer.alloc(0), b = Buffer.alloc(0)] = [given, expected].map((each) =>
    createHash('sha256').update(each).digest(),
  )
  return timingSafeEqual(a, b)
}

const people = Object.keys(demoSubjects).filter(isPerson)

function page(response: ServerResponse, status: number, problem: string): void {
  const options = people.map((name) => `<option>${name}</option>`).join('')
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
  })
  response.end(`<!doctype html><title>Sluice demo</title><h1>Who are you?</h1><p>${problem}</p>
<form method="post"><p><select name="name">${options}</select>
<p><input type="password" name="password" placeholder="password of this start" autofocus>
<p><button name="decision" value="allow">Log in</button> <button name="decision" value="deny">Deny</button></form>
<p>The password is shown where npm start runs.`)
}
