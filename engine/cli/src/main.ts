#!/usr/bin/env -S node --conditions=source --disable-warning=ExperimentalWarning --disable-warning=TimeoutNegativeWarning
import { escapedJson } from './escaped-json.ts'
import { printableLines } from './printable.ts'
import { sluice } from './sluice.ts'

const stopping = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort(name))
// A reader that went away (`| head`) is no error.
process.stdout.on('error', () => process.exit(0))

process.exitCode = await sluice(process.argv.slice(2), {
  env: process.env,
  signal: stopping.signal,
  // At a terminal nothing is obeyed that JSON leaves as it is; texts and drawings for people have nothing of it.
  out: (text) => process.stdout.write(process.stdout.isTTY ? escapedJson(text) : text),
  // A gateway, a database or a host may have said what is told there.
  error: (text) => process.stderr.write(printableLines(text)),
  ...(process.stdout.isTTY
    ? { window: () => ({ columns: process.stdout.columns, rows: process.stdout.rows }) }
    : {}),
})
// What was interrupted may still hold a thread or a socket, which would keep the process alive.
if (stopping.signal.aborted) process.exit()
