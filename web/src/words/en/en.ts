// All phrases in English, a file for each room of the page.
import { palette } from './palette.ts'
import { shell } from './shell.ts'

export const en = { palette, shell }
