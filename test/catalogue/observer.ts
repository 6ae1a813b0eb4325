import { WireClient, type Login } from '../src/index.ts'
import { activityQuery, fingerprintQuery } from './fixture.ts'

const tables = ['customers', 'vip_customers', 'orders', 'feature_flags']

/** Looks at a database beside the attacks, and keeps a copy of its rows where nobody else can read it. */
export class Observer {
  readonly client: WireClient
  #activity = ''
  #fingerprint = ''

  private constructor(client: WireClient) {
    this.client = client
  }

  static async of(login: Login): Promise<Observer> {
    const client = await WireClient.login(login)
    await client.query("SET lock_timeout = '5s'")
    for (const table of tables)
      await client.query(`CREATE TEMP TABLE kept_${table} AS SELECT * FROM ONLY ${table}`)
    return new Observer(client)
  }

  /** A table that is gone makes the query fail, and its error is a fingerprint as good as any. */
  async fingerprint(): Promise<string> {
    const activity = (await this.client.query(activityQuery)).text
    if (activity !== this.#activity) this.#fingerprint = (await this.client.query(fingerprintQuery)).text
    this.#activity = activity
    return this.#fingerprint
  }

  /** Puts rows back, which is all that most attacks change, and takes away large objects. */
  async mend(): Promise<void> {
    const rows = tables.flatMap((table) => [
      `DELETE FROM ONLY public.${table}`,
      `INSERT INTO public.${table} SELECT * FROM pg_temp.kept_${table}`,
    ])
    await this.client.query([...rows, 'SELECT lo_unlink(oid) FROM pg_largeobject_metadata'].join('; '))
  }
}
