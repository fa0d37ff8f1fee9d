// All phrases in English, a file for each room of the page.
import { shell } from './shell.ts'

export const en = { shell }
