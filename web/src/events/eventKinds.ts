// How each kind of event is drawn and called.
import {
  mdiAlertOctagonOutline,
  mdiArchiveArrowDownOutline,
  mdiArchiveArrowUpOutline,
  mdiDeleteOutline,
  mdiFileEditOutline,
  mdiHeartOffOutline,
  mdiHeartPulse,
  mdiLanConnect,
  mdiLanDisconnect,
  mdiPauseCircleOutline,
  mdiPlayCircleOutline,
  mdiPuzzleMinusOutline,
  mdiPuzzleOutline,
  mdiRocketLaunchOutline,
} from '@mdi/js'
import type { EventType } from '../graph/gql/graphql.ts'
import { t } from '../words/words.ts'

const ICONS: Record<EventType, string> = {
  CONNECT: mdiLanConnect,
  DISCONNECT: mdiLanDisconnect,
  HEARTBEAT_LOST: mdiHeartOffOutline,
  HEARTBEAT_RECOVERED: mdiHeartPulse,
  ERROR: mdiAlertOctagonOutline,
  DEPLOY: mdiRocketLaunchOutline,
  REDEPLOY: mdiRocketLaunchOutline,
  SUSPEND: mdiPauseCircleOutline,
  RESUME: mdiPlayCircleOutline,
  DESTROY: mdiDeleteOutline,
  EXTENSION_INSTALL: mdiPuzzleOutline,
  EXTENSION_REMOVE: mdiPuzzleMinusOutline,
  CONFIG_CHANGED: mdiFileEditOutline,
  BACKUP: mdiArchiveArrowDownOutline,
  RESTORE: mdiArchiveArrowUpOutline,
}

/** Those that are met most come first. */
export const EVENT_KINDS = Object.keys(ICONS) as EventType[]
export const eventIcon = (type: EventType): string => ICONS[type]
export const eventWord = (type: EventType): string => t(`events.kind.${type}`)
/** What somebody should look at; everything else is quiet. */
export const isTrouble = (type: EventType): boolean => type === 'ERROR' || type === 'HEARTBEAT_LOST'
