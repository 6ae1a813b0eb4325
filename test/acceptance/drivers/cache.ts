import { fileURLToPath } from 'node:url'

/** What is fetched or built for drivers of other languages; a change of their pins makes it anew. */
export const cacheFolder: string = fileURLToPath(new URL('../../../.sluice/test-drivers', import.meta.url))
