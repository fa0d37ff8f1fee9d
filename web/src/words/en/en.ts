// All phrases in English, a file for each room of the page.
import { access } from './access.ts'
import { audit } from './audit.ts'
import { chart } from './chart.ts'
import { commands } from './commands.ts'
import { events } from './events.ts'
import { fleet } from './fleet.ts'
import { instance } from './instance.ts'
import { instances } from './instances.ts'
import { metrics } from './metrics.ts'
import { palette } from './palette.ts'
import { session } from './session.ts'
import { settings } from './settings.ts'
import { shell } from './shell.ts'
import { terminals } from './terminals.ts'
import { ui } from './ui.ts'

export const en = {
  access,
  audit,
  chart,
  commands,
  events,
  fleet,
  instance,
  instances,
  metrics,
  palette,
  session,
  settings,
  shell,
  terminals,
  ui,
}
