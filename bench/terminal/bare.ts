// The least between a program and its reader: one PTY, its bytes counted and thrown away.
import { spawn } from '@lydell/node-pty'
import { elapsedMs } from '../kit/report.ts'
import { ECHO, measureEcho, WARM_AT_FIRST } from './echo.ts'
import { READY } from './script.ts'

/** What the script writes once it has begun, and how long that takes from the key to the last byte. */
export async function readBare(script: string): Promise<{ bytes: number; ms: number }> {
  const pty = spawn('/bin/sh', [script], { cols: 80, rows: 24, encoding: null })
  const ended = new Promise<void>((resolve) => pty.onExit(() => resolve()))
  let head = ''
  let bytes = 0
  let began = 0
  let ms = 0
  pty.onData((data: string | Buffer) => {
    if (began === 0) {
      head += data.toString()
      if (!head.endsWith(READY)) return
      began = performance.now()
      pty.write('\r')
      return
    }
    bytes += data.length
    ms = elapsedMs(began)
  })
  await ended
  return { bytes, ms }
}

export async function echoBare(): Promise<number[]> {
  const pty = spawn('/bin/sh', ['-c', ECHO], { cols: 80, rows: 24, encoding: null })
  try {
    await new Promise<void>((resolve) => void pty.onData(() => resolve()))
    return await measureEcho(
      (key) => pty.write(key),
      (heard) => pty.onData(heard),
      WARM_AT_FIRST,
    )
  } finally {
    pty.kill()
  }
}
