import type { KoaContextWithOIDC } from 'oidc-provider'

/** The pages on which a person confirms that the device which shows a code is theirs. */
export const devicePages = {
  userCodeInputSource(ctx: KoaContextWithOIDC, form: string): void {
    ctx.body = page('Which code is shown?', form, 'op.deviceInputForm')
  },
  userCodeConfirmSource(
    ctx: KoaContextWithOIDC,
    form: string,
    _client: unknown,
    _device: unknown,
    userCode: string,
  ): void {
    ctx.body = page(`Is ${userCode} what your own terminal shows?`, form, 'op.deviceConfirmForm')
  },
  successSource(ctx: KoaContextWithOIDC): void {
    ctx.body = page('You are logged in. Go back to your terminal.', '', '')
  },
}

function page(heading: string, form: string, id: string): string {
  const button = id === '' ? '' : `<button type="submit" form="${id}">Continue</button>`
  return `<!doctype html><title>Sluice demo</title><h1>${heading}</h1>${form}${button}`
}
