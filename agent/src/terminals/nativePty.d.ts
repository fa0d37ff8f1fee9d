// The part of node-pty below its own terminal class. That class destroys its socket 200 ms after the program's exit,
// which loses the tail of a terminal that is paused just then; so `pty.ts` reads the descriptor itself.
declare module 'node-pty/requireBinary.js' {
  export function requireBinary(file: 'pty.node'): {
    fork(
      file: string,
      args: string[],
      env: string[],
      cwd: string,
      cols: number,
      rows: number,
      uid: number,
      gid: number,
      utf8: boolean,
      helperPath: string,
      onExit: (exitCode: number, signal: number) => void,
    ): { fd: number; pid: number; pty: string }
    resize(fd: number, cols: number, rows: number): void
  }
}
