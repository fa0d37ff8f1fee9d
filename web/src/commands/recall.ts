// The commands somebody gave here before, gone through by the arrow keys as in a shell.
import type { CommandLineFragment } from '../graph/gql/graphql.ts'

type Given = Pick<CommandLineFragment, 'actorId' | 'command' | 'args'>

/** Newest first, each once; of the shell alone, since a program without its arguments is another command. */
export const givenBy = (commands: readonly Given[], actorId: string | undefined): string[] => [
  ...new Set(commands.filter((one) => one.actorId === actorId && !one.args).map(({ command }) => command)),
]

export interface Recall {
  /** What stands in the field now, one step further back or forth; undefined: there is no further. */
  step(back: boolean, text: string, given: readonly string[]): string | undefined
}

export const createRecall = (): Recall => {
  let at = -1
  let draft = ''
  let put: string | undefined
  return {
    step(back, text, given) {
      // Typed since: that is the line to come back to.
      if (text !== put) {
        at = -1
        draft = text
      }
      const next = at + (back ? 1 : -1)
      if (next < -1 || next >= given.length) return undefined
      at = next
      return (put = at < 0 ? draft : given[at])
    },
  }
}
