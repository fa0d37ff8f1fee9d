// Chooses the bus: Redis where a URL is given, this process alone otherwise.
import { createBus } from './bus.ts'
import type { Bus } from './bus.ts'
import { createMemoryEngine } from './engines/memory.ts'
import { openRedisEngine } from './engines/redis.ts'
import type { RedisEngineOptions } from './engines/redis.ts'

export type BusOptions = Omit<RedisEngineOptions, 'prefix'> & { prefix?: string }

export const openBus = async (url: string | undefined, options: BusOptions): Promise<Bus> => {
  const engine = url ? await openRedisEngine(url, { prefix: 'sindri/', ...options }) : createMemoryEngine()
  return createBus({ engine, onError: options.onError })
}
