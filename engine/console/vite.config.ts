import { defineConfig } from 'vite'

/**
 * One page, no inline script or style, nothing from elsewhere: it works under `script-src 'self'` with Trusted Types.
 * `npm run dev` shows it beside a gateway that runs already, whose answers come through.
 */
export default defineConfig({
  // The shared parts of the core are taken as their sources are, built or not.
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2024',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
  },
  server: {
    proxy: {
      '/v1': 'http://127.0.0.1:7400',
      '/console': 'http://127.0.0.1:7400',
      '/readyz': 'http://127.0.0.1:7400',
    },
  },
})
