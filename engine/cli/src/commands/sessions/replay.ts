import { setTimeout as pause } from 'node:timers/promises'
import type { RecordingStep } from '@sluice/api'
import type { Client } from '../../client.ts'
import { UsageError, type Io } from '../../command.ts'
import { linesOf } from '../../lines.ts'
import { stepText } from './step-text.ts'

export interface ReplayOptions {
  /** How many times as fast as it was; `null`: at once. */
  readonly speed: number | null
  readonly follow: boolean
  readonly json: boolean
  /** Only what terminals showed, as asciicast. */
  readonly cast: boolean
}

/** A number above 0. Throws `UsageError`. */
export function speedOf(text: string): number {
  const speed = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0
  if (speed <= 0) throw new UsageError('--speed takes a number above 0, e.g. 1 or 10')
  return speed
}

/** Tells a session step by step. Ctrl-C ends it where it is. */
export async function replayed(id: string, options: ReplayOptions, client: Client, io: Io): Promise<void> {
  const query = options.follow ? '?follow=true' : ''
  const { body } = await client.get(`/v1/sessions/${encodeURIComponent(id)}/recording${query}`)
  if (body === null) return
  const pace = paceOf(options.speed, io.signal)
  try {
    for await (const line of linesOf(body)) {
      const step = JSON.parse(line) as RecordingStep
      await pace(Date.parse(step.at))
      io.out(options.cast ? castText(step) : options.json ? `${line}\n` : stepText(step))
    }
  } catch (error) {
    if (!io.signal.aborted) throw error
  }
}

/** Lines of JSON, in which whatever a terminal would obey is escaped. */
function castText(step: RecordingStep): string {
  if (step.step !== 'answer') return ''
  return step.parts.flatMap((part) => (part.kind === 'terminal' ? [`${escaped(part.line)}\n`] : [])).join('')
}

/** JSON itself escapes only the controls of ASCII. */
function escaped(json: string): string {
  return json.replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (char) =>
    Array.from(
      { length: char.length },
      (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}

/** Waits until it is a step's turn. What comes after its turn does not wait. */
function paceOf(speed: number | null, signal: AbortSignal): (atMs: number) => Promise<void> {
  if (speed === null) return async () => {}
  let first: { readonly atMs: number; readonly now: number } | undefined
  return async (atMs) => {
    first ??= { atMs, now: performance.now() }
    const due = first.now + (atMs - first.atMs) / speed
    const waitMs = due - performance.now()
    if (waitMs > 0) await pause(waitMs, undefined, { signal })
  }
}
