import { Readable } from 'node:stream'
import type { RecordingStep } from '@sluice/api'
import type { Client } from '../../client.ts'
import { UsageError, type Io } from '../../command.ts'
import { linesOf } from '../../lines.ts'
import { replaceFile } from '../../replace-file.ts'
import { Asciicasts } from './asciicasts.ts'
import { Pace } from './pace.ts'
import { Showing } from './showing.ts'
import { stepText } from './step-text.ts'

export interface ReplayOptions {
  /** How many times as fast as it was; `null`: at once, and terminals as fast as they were. */
  readonly speed: number | null
  readonly maxIdleMs: number | null
  /** So long after the session was opened. */
  readonly fromMs: number
  readonly follow: boolean
  readonly form: 'shown' | 'text' | 'json'
  /** Where a terminal of it goes as asciicast, instead; `-`: to the output. */
  readonly asciicast: string | null
  /** Of several terminals, this one. */
  readonly exchange: string | null
}

/** A number above 0. Throws `UsageError`. */
export function speedOf(text: string): number {
  const speed = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0
  if (speed <= 0) throw new UsageError('--speed takes a number above 0, e.g. 1 or 10')
  return speed
}

/** Shows a session, or writes a terminal of it to a file. Ctrl-C ends it where it is. */
export async function replayed(id: string, options: ReplayOptions, client: Client, io: Io): Promise<void> {
  const query = options.follow ? '?follow=true' : ''
  const { body } = await client.get(`/v1/sessions/${encodeURIComponent(id)}/recording${query}`)
  if (body === null) return
  // What is shown slowly is read on meanwhile: a gateway lets nobody wait for hours.
  const lines = Readable.from(linesOf(body), { highWaterMark: linesAheadMax }) as AsyncIterable<string>
  try {
    if (options.asciicast !== null) await exported(lines, options.asciicast, options.exchange, io)
    else await told(lines, options, io)
  } catch (error) {
    if (!io.signal.aborted) throw error
  }
}

const linesAheadMax = 4_096

async function told(lines: AsyncIterable<string>, options: ReplayOptions, io: Io): Promise<void> {
  let show: ((line: string, step: RecordingStep) => Promise<void>) | undefined
  using leaving = new DisposableStack()
  let showing: Showing | undefined
  for await (const line of lines) {
    const step = JSON.parse(line) as RecordingStep
    if (show === undefined) {
      const fromMs = Date.parse(step.at) + options.fromMs
      if (options.form === 'shown' && io.window !== undefined)
        showing = leaving.use(shownFrom(fromMs, options, io.window, io))
      const on = showing
      show = on === undefined ? plainFrom(fromMs, options, io) : (_, each) => on.take(each)
    }
    await show(line, step)
  }
  await showing?.end()
}

/** In words, or as it came. */
function plainFrom(
  fromMs: number,
  options: ReplayOptions,
  io: Io,
): (line: string, step: RecordingStep) => Promise<void> {
  const pace = new Pace({ ...options, fromMs }, io.signal)
  return async (line, step) => {
    const atMs = Date.parse(step.at)
    if (atMs < fromMs) return
    await pace.turn(atMs)
    io.out(options.form === 'json' ? `${line}\n` : stepText(step))
  }
}

function shownFrom(
  fromMs: number,
  { speed, maxIdleMs, follow }: ReplayOptions,
  window: Exclude<Io['window'], undefined>,
  io: Io,
): Showing {
  const terminalSpeed = speed ?? (follow ? null : 1)
  return new Showing({ speed, terminalSpeed, maxIdleMs, fromMs, window }, io)
}

async function exported(
  lines: AsyncIterable<string>,
  file: string,
  exchange: string | null,
  io: Io,
): Promise<void> {
  const casts = new Asciicasts()
  for await (const line of lines) casts.take(JSON.parse(line) as RecordingStep)
  const text = casts.of(exchange)
  if (file === '-') io.out(text)
  else {
    await replaceFile(file, text)
    io.error(`${file} is written: asciinema play ${file}\n`)
  }
}
