/** A person's browser, as far as a login needs one: it follows redirects, keeps cookies and sends forms. */
export class Browser {
  readonly #cookies = new Map<string, string>()

  get cookies(): ReadonlyMap<string, string> {
    return this.#cookies
  }

  /** One request of a script on a page, without redirects. */
  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('cookie', [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie)
    return response
  }

  async open(url: string, form?: Readonly<Record<string, string>>): Promise<Page> {
    let next = new URL(url)
    let body = form === undefined ? undefined : new URLSearchParams(form)
    for (let hops = 0; hops < 20; hops++) {
      const response = await fetch(next, {
        ...(body === undefined ? {} : { method: 'POST', body }),
        headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        redirect: 'manual',
      })
      for (const cookie of response.headers.getSetCookie()) this.#keep(cookie)
      const to = response.headers.get('location')
      if (to === null) return { url: next.href, status: response.status, text: await response.text() }
      await response.body?.cancel()
      next = new URL(to, next)
      body = undefined
    }
    throw new Error(`no end of redirects at ${next.href}`)
  }

  #keep(cookie: string): void {
    const [pair = ''] = cookie.split(';')
    const [name = '', value = ''] = pair.split('=')
    if (value === '') this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }
}

export interface Page {
  readonly url: string
  readonly status: number
  readonly text: string
}

/** The value of a hidden field. */
export function hidden(page: Page, name: string): string {
  const found = new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)
  if (found?.[1] === undefined) throw new Error(`no field ${name} in\n${page.text}`)
  return found[1]
}
