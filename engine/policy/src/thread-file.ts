/** The file of a thread beside `from`: a source beside a source, a build beside a build. */
export function threadFile(name: string, from: string): URL {
  return new URL(`./${name}${from.endsWith('.ts') ? '.ts' : '.js'}`, from)
}
