// All phrases in English, a file for each room of the page.
import { events } from './events.ts'
import { palette } from './palette.ts'
import { shell } from './shell.ts'
import { ui } from './ui.ts'

export const en = { events, palette, shell, ui }
