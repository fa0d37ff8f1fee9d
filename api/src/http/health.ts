// Whether the console lives (/healthz) and whether it can serve (/readyz).
import type { Readiness } from '../platform/readiness.ts'
import { type Exchange, sendJson } from './exchange.ts'

export const createHealth = (readiness: () => Promise<Readiness>) => ({
  /** The process answers: nothing more is claimed. */
  async live(exchange: Exchange): Promise<void> {
    sendJson(exchange, 200, { state: 'live' })
  },
  async ready(exchange: Exchange): Promise<void> {
    const now = await readiness()
    sendJson(exchange, now.state === 'unready' ? 503 : 200, now)
  },
})
