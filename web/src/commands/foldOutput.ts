// What a command wrote, put together by offsets: nothing twice, nothing missing; its end as text, and all of it as bytes.
import type { CommandOutputSubscription, CommandStream } from '../graph/gql/graphql.ts'
import { fromBase64 } from '../platform/base64.ts'
import { createPlainText } from './plainText.ts'

/** As much as a page shows of each without becoming slow. */
const SHOWN_CHARS = 256 * 1024
/** What grows or goes is laid out anew by itself: in one piece a page would lay out all of it, four times a second. */
const BLOCK_CHARS = 8192
/** A block ends with a line, where the line ends as soon as this. */
const LINE_CHARS = 8192

interface Block {
  /** How many characters came before it. */
  at: number
  text: string
}
export interface StreamView {
  /** That are known. */
  bytes: number
  /** The text, from block to block. */
  blocks: readonly Block[]
  /** Characters before them that are known and not shown. */
  cut: number
}
export interface OutputView {
  STDOUT: StreamView
  STDERR: StreamView
  /** All came that is kept. */
  whole: boolean
}
/** A piece, or that there is no more. */
export type OutputNews = CommandOutputSubscription['commandOutput'] | 'end'

export const textOf = ({ blocks }: StreamView): string => blocks.map(({ text }) => text).join('')

/** How much of the text still belongs to a block that has `length`; undefined: all, and the next text may, too. */
const endOf = (text: string, length: number): number | undefined => {
  const least = Math.max(0, BLOCK_CHARS - length)
  const most = Math.max(0, BLOCK_CHARS + LINE_CHARS - length)
  const line = text.indexOf('\n', least)
  if (line >= 0 && line < most) return line + 1
  if (text.length <= most) return undefined
  // Not between the halves of one character.
  return /[\udc00-\udfff]/.test(text.charAt(most)) ? most + 1 : most
}

const createStream = (most: number) => {
  const plain = createPlainText()
  const pieces: Uint8Array<ArrayBuffer>[] = []
  const blocks: Block[] = []
  let isClosed = true
  let chars = 0
  let view: StreamView = { bytes: 0, blocks: [], cut: 0 }
  const add = (bytes: number, more: string): void => {
    for (let rest = more; rest !== '';) {
      const last = isClosed ? undefined : blocks.pop()
      const end = endOf(rest, last?.text.length ?? 0)
      blocks.push({ at: last?.at ?? chars, text: (last?.text ?? '') + rest.slice(0, end) })
      isClosed = end !== undefined
      chars += end ?? rest.length
      rest = end === undefined ? '' : rest.slice(end)
    }
    while (blocks[1] && chars - blocks[1].at >= most) blocks.shift()
    view = { bytes: view.bytes + bytes, blocks: [...blocks], cut: blocks[0]?.at ?? 0 }
  }
  return {
    pieces,
    view: () => view,
    take(offset: number, bytes: Uint8Array<ArrayBuffer>): void {
      // Known already; or something before it is missing, and comes first when the rest is asked for again.
      if (offset > view.bytes || offset + bytes.length <= view.bytes) return
      const fresh = bytes.subarray(view.bytes - offset)
      pieces.push(fresh)
      add(fresh.length, plain.take(fresh))
    },
    end: (): void => add(0, plain.end()),
  }
}

export interface Output {
  /** Where to go on from. */
  known(): { stdout: number; stderr: number }
  take(news: OutputNews): OutputView
  view(): OutputView
  /** All that is known, as it was written. */
  bytesOf(stream: CommandStream): Blob
}

export const createOutput = (most = SHOWN_CHARS): Output => {
  const streams = { STDOUT: createStream(most), STDERR: createStream(most) }
  let whole = false
  const view = (): OutputView => ({ STDOUT: streams.STDOUT.view(), STDERR: streams.STDERR.view(), whole })
  return {
    known: () => ({ stdout: streams.STDOUT.view().bytes, stderr: streams.STDERR.view().bytes }),
    view,
    take(news) {
      if (news !== 'end') streams[news.stream].take(news.offset, fromBase64(news.data))
      else if (!whole) {
        whole = true
        streams.STDOUT.end()
        streams.STDERR.end()
      }
      return view()
    },
    bytesOf: (stream) => new Blob(streams[stream].pieces, { type: 'text/plain' }),
  }
}
