// Builds the console's page so that it runs under a content security policy without unsafe-inline.
import path from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import vuetify from 'vite-plugin-vuetify'
import { budget } from './budget.ts'
import { licences } from './licences.ts'

/** Where `npm run dev` started the console. */
const api = process.env['SINDRI_DEV_API'] ?? 'http://127.0.0.1:3000'

export default defineConfig({
  plugins: [vue(), vuetify(), licences(path.join(import.meta.dirname, '..')), budget()],
  // The api replaces this placeholder by a fresh nonce in each answer.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    // Both would need 'unsafe-inline' or data: in the policy.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // The chart library, in a chunk that only charts load.
    chunkSizeWarningLimit: 600,
  },
  // A one-time password may stand above.
  clearScreen: false,
  server: {
    host: '127.0.0.1',
    port: 5173,
    // The Host header stays as the browser sent it: the api compares it with the Origin.
    proxy: { '/graphql': { target: api, ws: true }, '/api': api, '/healthz': api, '/readyz': api },
  },
})
