// Whether a screen takes all the room there is.
import type { RouteLocationNormalized } from 'vue-router'

export const isWhole = ({ meta, query }: RouteLocationNormalized): boolean =>
  meta.whole !== undefined && query[meta.whole] !== undefined
