/**
 * Why a test is left to `npm run test:whole`: with it `npm test` would take more than a quarter of an hour on two cores, and what it
 * is about is tried there by others. `false` where everything runs.
 */
export const leftToWhole: string | false =
  process.env['SLUICE_TESTS'] === 'all' ? false : 'takes long: npm run test:whole'
