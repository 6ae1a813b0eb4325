import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Refused } from '@sluice/core'
import { verifyAccessToken } from './access-token.ts'
import { openIssuers, type Issuer } from './issuer.ts'
import { noon, scriptedClock, scriptedIssuer, type ScriptedIssuer } from './scripted-issuer.ts'

/**
 * Public vectors: RFC 7515 (JWS) appendices A, E and F, RFC 7516 (JWE) appendix A.1, RFC 8037 appendix A.4. All are of
 * the issuer `joe`, whose keys the RFC publishes. Its claims have no audience: a signature that verifies is refused
 * for that and nothing else, so `audience` says that signature and key fit.
 */
const keys = {
  a2: {
    kty: 'RSA',
    n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
    e: 'AQAB',
  },
  a3: {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  },
  a4: {
    kty: 'EC',
    crv: 'P-521',
    x: 'AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk',
    y: 'ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2',
  },
}
const payload =
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
const rs256 =
  'cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw'
const es256 = 'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q'
const es512 =
  'AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn'
const hs256 = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'

type Vector = readonly [number: string, what: string, token: string, rule: string]

const vectors: readonly Vector[] = [
  ['T2', 'A.2 RS256', `eyJhbGciOiJSUzI1NiJ9.${payload}.${rs256}`, 'audience'],
  ['T4', 'A.3 ES256', `eyJhbGciOiJFUzI1NiJ9.${payload}.${es256}`, 'audience'],
  ['T2', 'A.1 HS256', `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${payload}.${hs256}`, 'algorithm'],
  ['T6', 'A.4 ES512, whose payload is no JSON', `eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.${es512}`, 'malformed'],
  ['T1', 'A.5 none', `eyJhbGciOiJub25lIn0.${payload}.`, 'malformed'],
  ['T1', 'A.5 none, with the signature of A.3', `eyJhbGciOiJub25lIn0.${payload}.${es256}`, 'algorithm'],
  [
    'T6',
    'A.6 JSON serialisation, two signatures',
    JSON.stringify({
      payload,
      signatures: [
        { protected: 'eyJhbGciOiJSUzI1NiJ9', header: { kid: '2010-12-29' }, signature: rs256 },
        { protected: 'eyJhbGciOiJFUzI1NiJ9', signature: es256 },
      ],
    }),
    'malformed',
  ],
  [
    'T6',
    'A.7 JSON serialisation, flattened',
    JSON.stringify({ payload, protected: 'eyJhbGciOiJFUzI1NiJ9', signature: es256 }),
    'malformed',
  ],
  [
    'T3',
    'E crit that nobody may understand',
    'eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.',
    'malformed',
  ],
  ['T6', 'F detached payload', `eyJhbGciOiJFUzI1NiJ9..${es256}`, 'malformed'],
  [
    'T6',
    'RFC 8037 A.4 EdDSA, whose payload is no JSON',
    'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    'malformed',
  ],
  [
    'T5',
    'RFC 7516 A.1 header, encrypted',
    'eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.a.a.a',
    'encrypted',
  ],
  ['T2', 'A.2 under PS256', `${header('PS256')}.${payload}.${rs256}`, 'signature'],
  ['T2', 'A.2 under RS512, which is not allowed', `${header('RS512')}.${payload}.${rs256}`, 'algorithm'],
  ['T2', 'A.3 under RS256', `eyJhbGciOiJSUzI1NiJ9.${payload}.${es256}`, 'signature'],
  ['T4', 'A.3 under ES384', `${header('ES384')}.${payload}.${es256}`, 'unknown_key'],
  ['T4', 'A.3 with a bit flipped', `eyJhbGciOiJFUzI1NiJ9.${payload}.E${es256.slice(1)}`, 'signature'],
  ['T4', 'A.2 with a bit flipped', `eyJhbGciOiJSUzI1NiJ9.${payload}.d${rs256.slice(1)}`, 'signature'],
]

/** Order of P-256, and its prime (FIPS 186-4 D.1.2.3). Edges at which implementations of ECDSA have failed. */
const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
const edges = { '0': 0n, '1': 1n, 'n-1': n - 1n, n, 'n+1': n + 1n, p, '2^256-1': 2n ** 256n - 1n }

suite('public vectors of JWS', () => {
  let idp: ScriptedIssuer
  let issuers: ReadonlyMap<string, Issuer>
  before(async () => {
    idp = await scriptedIssuer([])
    idp.script.keys = Object.values(keys)
    const [issuer] = openIssuers([idp.config], scriptedClock()).values()
    assert.ok(issuer)
    issuers = new Map([['joe', issuer]])
  })
  after(() => idp.close())

  for (const [number, what, token, rule] of vectors)
    test(`${number} ${what}: ${rule}`, async () => assert.equal(await outcome(token, issuers), rule))

  test('T4 ECDSA at its edges: each pair of (r, s) is refused', async () => {
    for (const [rName, r] of Object.entries(edges))
      for (const [sName, s] of Object.entries(edges)) {
        const signature = Buffer.from(hex(r) + hex(s), 'hex').toString('base64url')
        const rule = await outcome(`eyJhbGciOiJFUzI1NiJ9.${payload}.${signature}`, issuers)
        assert.equal(rule, 'signature', `r = ${rName}, s = ${sName}`)
      }
  })
})

async function outcome(token: string, issuers: ReadonlyMap<string, Issuer>): Promise<string> {
  try {
    await verifyAccessToken(token, issuers, noon)
    return 'good'
  } catch (error) {
    assert.ok(error instanceof Refused, String(error))
    return error.refusal.rule.replace('identity/', '')
  }
}

function header(alg: string): string {
  return Buffer.from(JSON.stringify({ alg })).toString('base64url')
}

function hex(value: bigint): string {
  return value.toString(16).padStart(64, '0')
}
