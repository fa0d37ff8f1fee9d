/** The program cannot be started; the message says why, for the person who asked. */
export class SpawnFailure extends Error {
  override readonly name = 'SpawnFailure'
}
