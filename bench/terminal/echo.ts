// How long a key takes until its echo is there: one key after the other, each sent when the one before was echoed.
import { setTimeout } from 'node:timers/promises'
import { elapsedMs } from '../kit/report.ts'

const KEYS = 1_000
/** Before each measurement, on a terminal that was just opened. */
const WARM = 100
/**
 * Before the first one, for what has just started: a console and an agent at which somebody has worked for an hour, not one at which nobody has
 * typed yet. The bare ways are warmed up alike.
 */
export const WARM_AT_FIRST = 5_000
/** Under load fewer keys have to do. */
const WITHIN_MS = 20_000

/** For /bin/sh: echoes by the line discipline alone, and no line grows until it is full. */
export const ECHO = `stty echo -icanon; printf '>'; exec cat > /dev/null`

/** `onOutput` takes who is to be told of each byte that is shown. At a pace, a moment in which keys are slow counts for no less than another. */
export async function measureEcho(
  send: (key: string) => void,
  onOutput: (heard: () => void) => void,
  warm = WARM,
  everyMs = 0,
): Promise<number[]> {
  const latencies: number[] = []
  let heard = (): void => {}
  onOutput(() => heard())
  const began = performance.now()
  while (latencies.length < warm + KEYS && (latencies.length < warm + WARM || elapsedMs(began) < WITHIN_MS)) {
    const echoed = new Promise<void>((resolve) => (heard = resolve))
    const asked = performance.now()
    send('x')
    await echoed
    latencies.push(elapsedMs(asked))
    const restMs = everyMs - elapsedMs(asked)
    if (restMs > 0) await setTimeout(restMs)
  }
  return latencies.slice(warm)
}
