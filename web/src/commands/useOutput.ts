// What one command wrote and writes, live; after a loss of the link it goes on with the byte that is missing.
import { type CommandStream, CommandOutputDocument } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { createOutput, type Output, type OutputNews, type OutputView } from './foldOutput.ts'

export const useOutput = (id: () => string) => {
  const { subscribe } = useGraph()
  let output: Output
  const live = useLive<OutputView, OutputNews>(id, () => {
    const wanted = id()
    const mine = (output = createOutput())
    return {
      subscribe: ({ next, fault }) =>
        subscribe(CommandOutputDocument, () => ({ id: wanted, ...mine.known() }), {
          next: ({ commandOutput }) => next(commandOutput),
          fault,
          end: () => next('end'),
        }),
      // All comes by the subscription. Taken twice, a piece changes nothing: its offset is known.
      read: async () => mine.view(),
      fold: (_, news) => mine.take(news),
    }
  })
  return { ...live, bytesOf: (stream: CommandStream) => output.bytesOf(stream) }
}
