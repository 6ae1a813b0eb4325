import type { Format, Mapper } from '../mapper.ts'
import { cef } from './cef.ts'
import { ecs } from './ecs.ts'
import { json } from './json.ts'
import { ocsf } from './ocsf.ts'

export const mappers: Readonly<Record<Format, Mapper>> = { ocsf, ecs, cef, json }
