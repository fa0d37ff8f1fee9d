// How long a key takes until its echo is there: one key after the other, each sent when the one before was echoed.
import { elapsedMs } from '../kit/report.ts'

const KEYS = 1_000
/** The first ones warm the compilers up. */
const WARM = 100
/** Under load fewer keys have to do. */
const WITHIN_MS = 20_000

/** For /bin/sh: echoes by the line discipline alone, and no line grows until it is full. */
export const ECHO = `stty echo -icanon; printf '>'; exec cat > /dev/null`

/** `onOutput` takes who is to be told of each byte that is shown. */
export async function measureEcho(
  send: (key: string) => void,
  onOutput: (heard: () => void) => void,
): Promise<number[]> {
  const latencies: number[] = []
  let heard = (): void => {}
  onOutput(() => heard())
  const began = performance.now()
  while (latencies.length < KEYS && (latencies.length < 2 * WARM || elapsedMs(began) < WITHIN_MS)) {
    const echoed = new Promise<void>((resolve) => (heard = resolve))
    const asked = performance.now()
    send('x')
    await echoed
    latencies.push(elapsedMs(asked))
  }
  return latencies.slice(WARM)
}
