// A statement that PostgreSQL parses and plans once for each connection, not each time that it runs: for a large one that is most of its cost.
import { createHash } from 'node:crypto'

export interface Prepared {
  name: string
  text: string
}

/** For what runs all the time and never changes its text: each connection keeps its plan for as long as it lives. */
export const prepared = (text: string): Prepared => ({
  name: createHash('sha256').update(text).digest('base64url'),
  text,
})
