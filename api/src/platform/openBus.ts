// Chooses the bus: Redis where a URL is given, this process alone otherwise.
import { createBus } from './bus.ts'
import type { Bus } from './bus.ts'
import { createMemoryEngine } from './engines/memory.ts'
import type { RedisEngineOptions } from './engines/redis.ts'

export const openBus = async (url: string | undefined, options: RedisEngineOptions): Promise<Bus> => {
  if (!url) return createBus({ engine: createMemoryEngine(), onError: options.onError })
  // Most consoles never load it.
  const { openRedisEngine } = await import('./engines/redis.ts')
  return createBus({
    engine: await openRedisEngine(url, options),
    onError: options.onError,
  })
}
