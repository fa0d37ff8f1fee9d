// Gives the user a file to keep.
import { systemClock } from './clock.ts'

export const saveFile = (blob: Blob, name: string): void => {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  // The browser reads it on its own time.
  systemClock.after(60_000, () => URL.revokeObjectURL(link.href))
}
