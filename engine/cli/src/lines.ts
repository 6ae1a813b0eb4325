/**
 * The lines of an answer that arrives in pieces, without empty ones, which only say that it goes on; one that breaks off in a line is an error, and never an end. An abort
 * rejects only who reads on.
 */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines.filter((line) => line !== '')
  }
  if (rest !== '') throw new Error('the answer of the gateway breaks off')
}
