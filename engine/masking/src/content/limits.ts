/** A string of JSON, a line of text or a pair of a form is held back whole before it is judged. */
export const valueBytesMax: number = 1024 * 1024

/** One server-sent event: those that end a stream repeat all of it. */
export const eventBytesMax: number = 4 * 1024 * 1024
export const eventLinesMax = 65_536

/** Longer than any number that a client can read. */
export const numberBytesMax = 4096

/** Objects and arrays within each other. */
export const depthMax = 128

/** Documents as strings within each other. */
export const nestedMax = 4

/** Texts that one stream of a model tells at once. */
export const channelsMax = 256

/** A message that recognisers are asked about is read twice, and so is kept whole: without its content codings. */
export const recognisedBytesMax: number = 1024 * 1024

/** What a text may keep back while nothing in it is certain, beyond the longest value that is looked for. */
export const heldCharsMax: number = 64 * 1024
