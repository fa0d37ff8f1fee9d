// COPY … FROM STDIN over a client of pg, which has the messages of it and no statement: one text, one answer.
import type pg from 'pg'

interface Wire {
  query(text: string): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}

export function copyIn(client: pg.Client, statement: string, rows: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const copying = {
      submit: (wire: unknown) => (wire as Wire).query(statement),
      handleCopyInResponse(wire: Wire) {
        wire.sendCopyFromChunk(Buffer.from(rows))
        wire.endCopyFrom()
      },
      handleCommandComplete() {},
      handleReadyForQuery: () => resolve(),
      handleError: (error: Error) => reject(error),
    }
    client.query(copying)
  })
}
