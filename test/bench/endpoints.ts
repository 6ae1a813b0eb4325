/** Something that speaks PostgreSQL, and the process whose CPU it costs (none for the server itself). */
export interface Endpoint {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly pid: number | null
}
