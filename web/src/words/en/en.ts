// All phrases in English, a file for each room of the page.
import { access } from './access.ts'
import { audit } from './audit.ts'
import { events } from './events.ts'
import { fleet } from './fleet.ts'
import { instances } from './instances.ts'
import { palette } from './palette.ts'
import { session } from './session.ts'
import { settings } from './settings.ts'
import { shell } from './shell.ts'
import { ui } from './ui.ts'

export const en = { access, audit, events, fleet, instances, palette, session, settings, shell, ui }
